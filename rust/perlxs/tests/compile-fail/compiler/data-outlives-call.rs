//! So is borrowed data.

#[perlxs::package(name = "Test")]
mod bindings {
    use perlxs::Data;

    #[export]
    fn keep(names: Data<Vec<&'static str>>) -> usize {
        names.0.len()
    }
}

fn main() {}
