//! A signal handler may change what data borrows from.

#[perlxs::package(name = "Test")]
mod bindings {
    use perlxs::{Data, Error, Signals};

    #[export]
    fn wait(signals: &Signals, names: Data<Vec<&str>>) -> Result<usize, Error> {
        signals.poll()?;
        Ok(names.0.len())
    }
}

fn main() {}
