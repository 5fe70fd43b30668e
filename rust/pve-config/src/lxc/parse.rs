//! Reading configuration files (`PVE::LXC::Config::parse_pct_config`).

mod builder;
mod lines;
mod reader;

use pve_schema::{Environment, Error, PerlStr, PerlString, format};

use super::config::Config;
use super::keys::Known;
use super::setting;
pub(super) use reader::{Judgement, Reader};

/// What reading a file gave.
#[derive(Debug)]
pub struct Parsed<'a> {
    /// The configuration, or what the reference dies with.
    pub config: Result<Config<'a>, Error>,
    /// The warnings, in order, each ending in a newline. There may be some beside an error too.
    pub warnings: Vec<PerlString<'static>>,
}

/// Reads a configuration file.
///
/// `filename` must end in `/lxc/<vmid>.conf`, the number being used in messages. `raw` is the content. With `strict`, the
/// first line that is not in order is an error; without, it is a warning, and the line is dropped or, where it is a key
/// with a value that does not fit, kept.
pub fn parse_pct_config<'a>(
    filename: PerlStr<'_>,
    raw: &'a [u8],
    strict: bool,
    environment: &Environment<'_>,
) -> Parsed<'a> {
    let Some(vmid) = vmid_of(filename) else {
        let text = [PerlStr::literal("got strange filename '"), filename, PerlStr::literal("'")];
        return Parsed { config: Err(Error::died_at_caller(&text)), warnings: Vec::new() };
    };
    let judge = |key: &'a [u8], known, value| judge(key, known, value, environment);
    Reader::new(vmid, strict, environment.decoder(), judge).read(raw)
}

/// Judges a setting as the reference does: whatever is wrong with it, it is kept.
fn judge<'a>(
    key: &[u8],
    known: Option<Known>,
    value: &'a [u8],
    environment: &Environment<'_>,
) -> Judgement<'a> {
    let Some(known) = known else { return Judgement::Kept(unknown_setting(key)) };
    match setting::convert(known, value, environment) {
        Ok(value) => Judgement::Fine(value),
        Err(problem) => Judgement::Kept(problem),
    }
}

/// The problem with a key that the table does not have.
pub(super) fn unknown_setting(key: &[u8]) -> PerlString<'static> {
    PerlString::concat(&[
        PerlStr::literal("unknown setting '"),
        PerlStr::Bytes(key),
        PerlStr::literal("'\n"),
    ])
}

/// Whether a line starts a snapshot.
pub(super) fn is_snapshot_line(line: &[u8]) -> bool {
    lines::section_name(line).is_some_and(|name| !name.eq_ignore_ascii_case(b"pve:pending"))
}

/// A value without white space at its ends, as the reader takes it out of a line.
pub(super) fn trimmed(value: &[u8]) -> &[u8] {
    lines::trim_start(lines::trim_end(value))
}

/// Whether a value has no white space at an end.
pub(super) fn is_trimmed(value: &[u8]) -> bool {
    trimmed(value) == value
}

/// Whether a key is of the form of LXC's own.
pub(super) fn is_lxc_key(key: &[u8]) -> bool {
    let line = [key, b":"].concat();
    lines::lxc_line(&line).is_some_and(|(read, _)| read == key)
}

/// Key and value of a line that holds a setting, and is read as nothing else.
pub(super) fn setting_of(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let trimmed = lines::trim_end(line);
    let is_other = memchr::memchr(b'\n', line).is_some()
        || lines::value_after(trimmed, b"description:").is_some()
        || lines::value_after(trimmed, b"delete:").is_some()
        || lines::snapshot_state(trimmed).is_some();
    if is_other { None } else { lines::key_value(line, trimmed.len()) }
}

/// The number in a file name, by the reference's pattern `/lxc/(\d+).conf$`, whose dot is any character.
fn vmid_of(filename: PerlStr<'_>) -> Option<PerlStr<'_>> {
    let ends = [Some(filename), filename.strip_final_newline()];
    let starts = memchr::memmem::find_iter(filename.as_bytes(), b"/lxc/");
    starts.map(|at| at + b"/lxc/".len()).find_map(|start| {
        ends.iter().flatten().find_map(|name| {
            let end = name.as_bytes().strip_suffix(b"conf")?.len();
            let before = name.slice(start, end);
            let any = before.chars().last().filter(|c| *c != '\n')?;
            let width = if matches!(name, PerlStr::Text(_)) { any.len_utf8() } else { 1 };
            let vmid = before.slice(0, before.as_bytes().len() - width);
            format::is_digits(vmid).then_some(vmid)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_taken_from_the_file_name() {
        for (name, vmid) in [
            ("/etc/pve/lxc/100.conf", Some("100")),
            ("/lxc/1/lxc/200.conf\n", Some("200")),
            ("/lxc/100conf", Some("10")),
            ("/lxc/1conf", None),
            ("lxc/100.conf", None),
            ("/lxc/100.conf.tmp", None),
            ("/lxc/100xconf", Some("100")),
            ("/lxc/.conf", None),
            ("", None),
        ] {
            assert_eq!(vmid_of(PerlStr::literal(name)), vmid.map(PerlStr::literal), "{name}");
        }
    }

    #[test]
    fn a_value_that_passed_is_judged_anew_under_another_key() {
        let raw =
            b"[ab]\nnet0: name=eth0\n[cd]\nnet0: name=eth0\nnet1: name=eth0\nhostname: name=eth0\n";
        let filename = PerlStr::literal("/lxc/100.conf");
        let parsed = parse_pct_config(filename, raw, false, &Environment::empty());
        let warnings: Vec<String> = parsed.warnings.iter().map(PerlString::to_string).collect();
        let problem = "value does not look like a valid DNS name";
        assert_eq!(
            warnings,
            [format!("vm 100 - unable to parse value of 'hostname' - {problem}\n")]
        );
    }
}
