//! Signal handlers run on Perl's own thread.

#[perlxs::package(name = "Test")]
mod bindings {
    use perlxs::Signals;

    #[export]
    fn wait(signals: &Signals) {
        std::thread::scope(|scope| {
            scope.spawn(|| signals.poll());
        });
    }
}

fn main() {}
