//! Safe code calls an export.

#[perlxs::package(name = "Test")]
mod bindings {
    #[export]
    unsafe fn risky() {}
}

fn main() {}
