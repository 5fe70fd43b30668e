//! Borrowed text is good for one call.

#[perlxs::package(name = "Test")]
mod bindings {
    #[export]
    fn keep(text: &'static str) -> usize {
        text.len()
    }
}

fn main() {}
