//! The types of storage that this interpreter knows: those of PVE, and those of plugins that were registered.

use std::cell::RefCell;
use std::rc::Rc;

use pve_config::storage::{StorageKind, Storages};
use pve_schema::section::TypeDeclaration;
use pve_schema::{Error, PerlStr};

#[derive(Default)]
struct Registry {
    others: Vec<(TypeDeclaration, StorageKind)>,
    storages: Option<Rc<Storages>>,
}

thread_local! {
    static REGISTRY: RefCell<Registry> = RefCell::new(Registry::default());
}

/// The types.
pub(crate) fn storages() -> Result<Rc<Storages>, Error> {
    REGISTRY.with_borrow_mut(|registry| {
        if let Some(storages) = &registry.storages {
            return Ok(Rc::clone(storages));
        }
        let storages = Rc::new(Storages::new(&registry.others)?);
        registry.storages = Some(Rc::clone(&storages));
        Ok(storages)
    })
}

/// Adds a type.
pub(crate) fn register(kind: TypeDeclaration, storage: StorageKind) -> Result<(), Error> {
    change(|others| {
        others.push((kind, storage));
        Ok(())
    })
}

/// Takes a type out that was added.
pub(crate) fn unregister(name: &str) -> Result<(), Error> {
    change(|others| {
        let known = others.len();
        others.retain(|(kind, _)| kind.name != name);
        if others.len() < known {
            return Ok(());
        }
        Err(Error::died(&[
            PerlStr::literal("storage type '"),
            PerlStr::Text(name),
            PerlStr::literal("' is not registered\n"),
        ]))
    })
}

/// Changes the types that are known beside PVE's; nothing is changed where they do not fit together.
fn change(
    edit: impl FnOnce(&mut Vec<(TypeDeclaration, StorageKind)>) -> Result<(), Error>,
) -> Result<(), Error> {
    REGISTRY.with_borrow_mut(|registry| {
        let mut others = registry.others.clone();
        edit(&mut others)?;
        let storages = Rc::new(Storages::new(&others)?);
        *registry = Registry { others, storages: Some(storages) };
        Ok(())
    })
}
