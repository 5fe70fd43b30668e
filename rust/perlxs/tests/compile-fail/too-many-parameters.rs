//! The shim keeps a call's arguments in an array of twelve.

#[perlxs::package(name = "Test")]
mod bindings {
    #[export]
    fn many(
        _a: u8, _b: u8, _c: u8, _d: u8, _e: u8, _f: u8, _g: u8, _h: u8, _i: u8, _j: u8, _k: u8, _l: u8,
        _m: u8,
    ) {
    }
}

fn main() {}
