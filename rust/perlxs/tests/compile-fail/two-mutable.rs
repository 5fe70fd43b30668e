//! A call has one object.

struct Counter(u32);

impl perlxs::Object for Counter {}

#[perlxs::package(name = "Test::Counter", object = super::Counter)]
mod bindings {
    use super::Counter;

    #[export]
    fn add(this: &mut Counter, other: &mut Counter) {
        this.0 += other.0;
    }
}

fn main() {}
