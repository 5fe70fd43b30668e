//! The usage line needs a name.

#[perlxs::package(name = "Test")]
mod bindings {
    use perlxs::Data;

    #[export]
    fn first(Data(list): Data<Vec<u32>>) -> u32 {
        list[0]
    }
}

fn main() {}
