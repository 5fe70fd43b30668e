//! An object is a parameter named `this`.

struct Counter;

impl perlxs::Object for Counter {}

#[perlxs::package(name = "Test::Counter", object = super::Counter)]
mod bindings {
    #[export]
    fn value(self) -> u32 {
        1
    }
}

fn main() {}
