//! A result has to have a form in Perl.

pub struct Point;

#[perlxs::package(name = "Test")]
mod bindings {
    #[export]
    fn give() -> super::Point {
        super::Point
    }
}

fn main() {}
