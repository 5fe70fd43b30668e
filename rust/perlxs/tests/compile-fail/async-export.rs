//! Perl waits for a result.

#[perlxs::package(name = "Test")]
mod bindings {
    #[export]
    async fn later() {}
}

fn main() {}
