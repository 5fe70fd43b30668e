//! An argument has to have a form in Rust.

struct Point;

#[perlxs::package(name = "Test")]
mod bindings {
    #[export]
    fn take(_point: super::Point) {}
}

fn main() {}
