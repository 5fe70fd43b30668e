//! A reference to the value behind an object is good for one call.

struct Counter(u32);

impl perlxs::Object for Counter {}

static KEPT: std::sync::Mutex<Option<&'static Counter>> = std::sync::Mutex::new(None);

#[perlxs::package(name = "Test::Counter", object = super::Counter)]
mod bindings {
    use super::Counter;

    #[export]
    fn keep(this: &'static Counter) -> u32 {
        *super::KEPT.lock().unwrap() = Some(this);
        this.0
    }
}

fn main() {}
