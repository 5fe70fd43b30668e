//! The interpreter stays on its thread.

fn main() {
    fn takes(perl: perlxs::Perl) {
        let _ = perlxs::spawn(move || perl.raw().is_null());
    }
    let _ = takes;
}
