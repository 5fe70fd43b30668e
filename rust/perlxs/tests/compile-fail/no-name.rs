//! A package has a name.

#[perlxs::package]
mod bindings {
    #[export]
    fn nop() {}
}

fn main() {}
