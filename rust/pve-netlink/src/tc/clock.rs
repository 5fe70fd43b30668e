//! The time that bytes take at a rate, in the units of the kernel's packet scheduler, as tc(8) reckons it.

/// How tc(8) makes whole ticks of a time (`tc_calc_xmittime`), which iproute2 6.15 changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// Down to whole microseconds, then down to whole ticks: before 6.15.
    Down,
    /// Up to whole ticks: since 6.15.
    Up,
}

impl Rounding {
    /// That of the iproute2 of the Debian release that os-release(5) tells of: 12 has 6.1, 13 has 6.15. A newer one is
    /// taken for what is not known.
    #[must_use]
    pub fn of_release(os_release: &str) -> Self {
        let version = os_release.lines().find_map(|line| line.strip_prefix("VERSION_ID="));
        let version = version.and_then(|version| version.trim_matches(['"', '\'']).parse().ok());
        match version {
            Some(0..13_u32) => Self::Down,
            _ => Self::Up,
        }
    }
}

/// The units of the kernel's packet scheduler (`/proc/net/psched`, which has been the same since Linux 2.6.23 save on
/// kernels with coarse timers), and how times are made whole ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clock {
    ticks_per_microsecond: f64,
    hertz: u64,
    rounding: Rounding,
}

impl Clock {
    /// That of a kernel with precise timers.
    #[must_use]
    pub const fn precise(rounding: Rounding) -> Self {
        Self { ticks_per_microsecond: 15.625, hertz: 1_000_000_000, rounding }
    }

    /// From the content of `/proc/net/psched`: four hexadecimal numbers.
    #[must_use]
    pub fn parse(text: &str, rounding: Rounding) -> Option<Self> {
        let numbers: Vec<_> = text
            .split_ascii_whitespace()
            .map_while(|word| u32::from_str_radix(word, 16).ok())
            .collect();
        let [ticks, microseconds, resolution, hertz, ..] = *numbers.as_slice() else { return None };
        // As tc(8) has it: kernels with a resolution of nanoseconds count ticks that are as long.
        let ticks = if resolution == 1_000_000_000 { microseconds } else { ticks };
        let factor = f64::from(resolution) / 1e6;
        let per_microsecond = f64::from(ticks) / f64::from(microseconds) * factor;
        let hertz = if resolution == 1_000_000 { u64::from(hertz) } else { 100 };
        (per_microsecond.is_finite() && per_microsecond > 0.0 && hertz > 0).then_some(Self {
            ticks_per_microsecond: per_microsecond,
            hertz,
            rounding,
        })
    }

    /// How long `size` bytes take at a rate in bytes a second, in ticks.
    pub(super) fn ticks(self, rate: u64, size: u32) -> u32 {
        let microseconds = 1e6 * (f64::from(size) / rate as f64);
        match self.rounding {
            Rounding::Down => {
                wrapping(f64::from(wrapping(microseconds)) * self.ticks_per_microsecond)
            }
            Rounding::Up => wrapping((microseconds * self.ticks_per_microsecond).ceil()),
        }
    }

    /// How many bytes pass at a rate in bytes a second until the kernel's timer ticks.
    pub(super) fn in_a_timer_tick(self, rate: u64) -> u32 {
        u32::try_from(rate / self.hertz).unwrap_or(u32::MAX)
    }
}

/// The whole part modulo 2³², which is what the C of tc(8) makes of a time that is too long where it is compiled for amd64.
fn wrapping(number: f64) -> u32 {
    number as u64 as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_the_kernels() {
        let clock = Clock::parse("000003e8 00000040 000f4240 3b9aca00\n", Rounding::Up).unwrap();
        assert_eq!(clock, Clock::precise(Rounding::Up));
        assert_eq!(Clock::parse("", Rounding::Up), None);
        assert_eq!(Clock::parse("1 0 1 1", Rounding::Up), None);
    }

    /// As `tc class add … htb` of iproute2 6.1 and 6.15 sends it. A megabyte at less than 3,816 bytes a second takes longer
    /// than they can say.
    #[test]
    fn times_are_whole_as_in_tc() {
        let sizes = [8, 1600, 1613, 1_048_576];
        let rates = [104, 200, 1000, 3815, 3816];
        for (rounding, of_sizes, at_rates) in [
            (
                Rounding::Down,
                [0, 1906, 1921, 1_250_000],
                [1_845_897_051, 1_926_234_112, 3_499_098_112, 4_294_626_468, 4_293_501_046],
            ),
            (
                Rounding::Up,
                [10, 1908, 1923, 1_250_000],
                [2_919_638_883, 315_621_376, 3_499_098_112, 4_294_626_475, 4_293_501_049],
            ),
        ] {
            let clock = Clock::precise(rounding);
            assert_eq!(sizes.map(|size| clock.ticks(13_107_200, size)), of_sizes);
            assert_eq!(rates.map(|rate| clock.ticks(rate, 1_048_576)), at_rates);
        }
    }

    #[test]
    fn the_release_tells_how_tc_rounds() {
        for (version, rounding) in [
            ("ID=debian\nVERSION_ID=\"12\"\n", Rounding::Down),
            ("VERSION_ID=11", Rounding::Down),
            ("NAME=\"Debian\"\nVERSION_ID='13'\n", Rounding::Up),
            ("VERSION_ID=\"14\"", Rounding::Up),
            ("PRETTY_NAME=\"Debian GNU/Linux forky/sid\"\n", Rounding::Up),
            ("VERSION_ID=12.4", Rounding::Up),
            ("", Rounding::Up),
        ] {
            assert_eq!(Rounding::of_release(version), rounding, "{version}");
        }
    }
}
