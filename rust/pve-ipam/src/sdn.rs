//! The configuration of SDN as one call sees it.

use std::rc::Rc;

use pve_sdn::Section;
use pve_sdn::config::{File, Objects, Running};
use pve_sdn::{Value, perl};

use crate::{Error, Host};

/// One call's view of the configuration: each file is read once, when it is needed.
pub struct Sdn<'h> {
    pub(crate) host: &'h mut dyn Host,
    files: [Option<Rc<Objects>>; File::ALL.len()],
    running: Option<Rc<Running>>,
}

impl<'h> Sdn<'h> {
    /// The configuration of a host's cluster.
    pub fn new(host: &'h mut dyn Host) -> Sdn<'h> {
        Sdn { host, files: Default::default(), running: None }
    }

    /// What a section file holds. Its warnings go to the host when it is read.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn objects(&mut self, file: File) -> Result<Rc<Objects>, Error> {
        let place = file as usize;
        if let Some(Some(objects)) = self.files.get(place) {
            return Ok(Rc::clone(objects));
        }
        let raw = self.host.read(file.layout().name)?;
        let (objects, warnings) = Objects::read(file, raw.as_deref());
        warnings.into_iter().for_each(|warning| self.host.warn(warning));
        let objects = Rc::new(objects);
        if let Some(slot) = self.files.get_mut(place) {
            *slot = Some(Rc::clone(&objects));
        }
        Ok(objects)
    }

    /// The configuration in effect.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn running(&mut self) -> Result<Rc<Running>, Error> {
        if let Some(running) = &self.running {
            return Ok(Rc::clone(running));
        }
        let raw = self.host.read(Running::FILE)?;
        let running = Rc::new(Running::read(raw.as_deref()));
        self.running = Some(Rc::clone(&running));
        Ok(running)
    }

    /// A zone by its name (`Zones::get_zone`).
    ///
    /// # Errors
    /// [`pve_sdn::Error::NoZoneId`] where the name is missing, and as [`Sdn::objects`].
    pub(crate) fn zone(&mut self, name: Option<&Value>) -> Result<Option<Section>, Error> {
        let name = perl::true_text(name).ok_or(pve_sdn::Error::NoZoneId)?;
        Ok(self.objects(File::Zones)?.get(&name).cloned())
    }
}
