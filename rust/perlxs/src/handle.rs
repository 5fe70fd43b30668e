//! Objects that own a Rust value.
//!
//! In Perl it is a blessed reference to a scalar whose magic points to the value. The value is dropped once: when the
//! last reference goes, or at global destruction. In a child of a fork it is not dropped, since what it stands for is its
//! parent's; a child that uses the object gets [`Object::after_fork`] called first. It does not cross into ithreads.

use std::cell::{Cell, Ref, RefCell, RefMut};
use std::ffi::{CStr, c_char, c_int};
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};

use perlxs_sys as sys;

use crate::arg::{Arg, Input};
use crate::error::Error;
use crate::interpreter::{Perl, Sv};
use crate::{fork, panic};

/// A type whose values Perl may hold. `#[package(name = "…", object = Type)]` implements it.
///
/// # Safety
/// `TYPE` is made by [`HandleType::new`] for this very type.
pub unsafe trait Handled: Object {
    /// The class that its objects are blessed into.
    const CLASS: &'static CStr;
    /// Tells the type's objects from all others.
    const TYPE: &'static HandleType;
}

/// What an object does when the process is forked.
pub trait Object: 'static {
    /// Called once in a child that uses the object: sockets, threads and runtimes are its parent's and must not be used;
    /// make fresh ones.
    fn after_fork(&mut self) {}
}

/// The shim's description of a type.
#[repr(transparent)]
pub struct HandleType(sys::pxs_handle_type);

// SAFETY: it is constant data: a pointer to a C string literal and to a function.
unsafe impl Sync for HandleType {}

impl HandleType {
    /// The description of `T`, blessed into `class`.
    pub const fn new<T: Object>(class: &'static CStr) -> HandleType {
        HandleType(sys::pxs_handle_type { class: class.as_ptr(), drop: Some(drop_value::<T>) })
    }
}

/// The shim knows the first field only.
#[repr(C)]
struct Body<T> {
    head: sys::pxs_handle,
    generation: Cell<u32>,
    value: ManuallyDrop<RefCell<Option<T>>>,
}

unsafe extern "C" fn drop_value<T>(
    body: *mut sys::pxs_handle,
    why: *mut c_char,
    len: usize,
) -> c_int {
    // SAFETY: the shim calls this once for a pointer that Handle::into_sv gave it, and forgets it.
    let mut body = unsafe { Box::from_raw(body.cast::<Body<T>>()) };
    if body.generation.get() != fork::generation() {
        return 0;
    }
    // SAFETY: nothing uses the value after this.
    let dropped = catch_unwind(AssertUnwindSafe(|| unsafe {
        ManuallyDrop::drop(&mut body.value);
    }));
    match dropped {
        Ok(()) => 0,
        Err(panic) => {
            let text = panic::text(panic);
            let mut kept = text.len().min(len.saturating_sub(1));
            while !text.is_char_boundary(kept) {
                kept -= 1;
            }
            let text = text.replace('\0', " ");
            // SAFETY: why has room for len bytes, and kept is less; a NUL becomes one other byte.
            unsafe {
                std::ptr::copy_nonoverlapping(text.as_ptr().cast(), why, kept);
                *why.add(kept) = 0;
            }
            1
        }
    }
}

/// A result that becomes an object in Perl.
pub struct Handle<T> {
    value: T,
    class: Option<String>,
}

impl<T: Handled> Handle<T> {
    /// An object of the type's own class.
    pub fn new(value: T) -> Handle<T> {
        Handle { value, class: None }
    }

    /// An object of a class derived from it: what a constructor makes of its invocant.
    pub fn in_class(value: T, class: &crate::arg::Class) -> Handle<T> {
        Handle { value, class: class.name().map(str::to_owned) }
    }

    pub(crate) fn into_sv(self, perl: Perl) -> Result<Sv, Error> {
        let head = sys::pxs_handle { type_: &T::TYPE.0 };
        let value = ManuallyDrop::new(RefCell::new(Some(self.value)));
        let generation = Cell::new(fork::generation());
        let body = Box::into_raw(Box::new(Body { head, generation, value }));
        let class = self.class.as_deref().map_or(T::CLASS.to_bytes(), str::as_bytes);
        let (ptr, len, text) = (class.as_ptr().cast(), class.len(), !class.is_ascii());
        // SAFETY: the body starts with a pxs_handle and belongs to the object from here on; the class is one slice of
        // UTF-8.
        unsafe {
            let raw = sys::pxs_new_handle(perl.raw(), body.cast(), ptr, len, text.into());
            Sv::from_owned(perl, raw)
        }
        .ok_or_else(|| Error::die("internal error: Perl made no object\n"))
    }
}

fn body<'a, T: Handled>(input: &Input<'a>) -> Result<&'a Body<T>, Error> {
    // SAFETY: the argument is alive during the call: the shim holds a count of what it refers to.
    let raw = unsafe { sys::pxs_handle_value(input.perl().raw(), input.raw(), &T::TYPE.0) };
    if raw.is_null() {
        let class = T::CLASS.to_string_lossy();
        let got = input.class_name().unwrap_or_default();
        return Err(input.error(&format!(
            "expected a live object of class {class}, got one of class {got} that holds no such \
             value: it is a copy, or was not made by the constructor of {class}"
        )));
    }
    // SAFETY: the type matches, so this is a Body<T>; it lives as long as the object, hence during 'a.
    let body = unsafe { &*raw.cast::<Body<T>>() };
    if body.generation.get() != fork::generation() {
        if let Ok(mut value) = body.value.try_borrow_mut() {
            if let Some(value) = value.as_mut() {
                value.after_fork();
            }
            body.generation.set(fork::generation());
        }
    }
    Ok(body)
}

fn busy(input: &Input<'_>) -> Error {
    input.error("handle is busy: it is used by a call that has not returned yet")
}

fn closed(input: &Input<'_>) -> Error {
    input.error("handle is closed")
}

/// `this: &T`
pub struct HandleRef<'a, T>(Ref<'a, T>);

impl<T> Deref for HandleRef<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'a, T: Handled> Arg<'a> for HandleRef<'a, T> {
    const KIND: u32 = sys::PXS_ARG_HANDLE;
    const CLASS: Option<&'static CStr> = Some(T::CLASS);

    fn decode(input: Input<'a>) -> Result<Self, Error> {
        let value = body::<T>(&input)?.value.try_borrow().map_err(|_| busy(&input))?;
        Ref::filter_map(value, Option::as_ref).map(HandleRef).map_err(|_| closed(&input))
    }
}

/// `this: &mut T`
pub struct HandleMut<'a, T>(RefMut<'a, T>);

impl<T> Deref for HandleMut<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for HandleMut<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<'a, T: Handled> Arg<'a> for HandleMut<'a, T> {
    const KIND: u32 = sys::PXS_ARG_HANDLE;
    const CLASS: Option<&'static CStr> = Some(T::CLASS);

    fn decode(input: Input<'a>) -> Result<Self, Error> {
        let value = body::<T>(&input)?.value.try_borrow_mut().map_err(|_| busy(&input))?;
        RefMut::filter_map(value, Option::as_mut).map(HandleMut).map_err(|_| closed(&input))
    }
}

/// `this: Closing<T>`: the call takes the value out of the object, which is closed afterwards.
pub struct Closing<T>(T);

impl<T> Closing<T> {
    /// The value.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<'a, T: Handled> Arg<'a> for Closing<T> {
    const KIND: u32 = sys::PXS_ARG_HANDLE;
    const CLASS: Option<&'static CStr> = Some(T::CLASS);

    fn decode(input: Input<'a>) -> Result<Self, Error> {
        let mut value = body::<T>(&input)?.value.try_borrow_mut().map_err(|_| busy(&input))?;
        value.take().map(Closing).ok_or_else(|| closed(&input))
    }
}
