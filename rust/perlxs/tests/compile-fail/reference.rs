//! Few references can be made of an argument.

#[perlxs::package(name = "Test")]
mod bindings {
    #[export]
    fn double(number: &u32) -> u32 {
        number * 2
    }
}

fn main() {}
