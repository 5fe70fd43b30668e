//! Perl has no type parameters.

#[perlxs::package(name = "Test")]
mod bindings {
    #[export]
    fn any<T>(value: T) -> u32 {
        1
    }
}

fn main() {}
