//! An object as the kernel shows it, kept as the bytes of its message.

use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::route::RouteMessage;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A message of rtnetlink(7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message(pub RouteNetlinkMessage);

impl Message {
    /// A route that the kernel showed.
    #[must_use]
    pub fn route(route: RouteMessage) -> Self {
        Self(RouteNetlinkMessage::NewRoute(super::inside::plain(route)))
    }
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut message = NetlinkMessage::from(self.0.clone());
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        serializer.serialize_str(&digits)
    }
}

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = String::deserialize(deserializer)?;
        let bytes: Option<Vec<u8>> = digits
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect();
        let bytes = bytes.ok_or_else(|| D::Error::custom("a message is not hexadecimal"))?;
        let message = NetlinkMessage::<RouteNetlinkMessage>::deserialize(&bytes);
        match message.map_err(D::Error::custom)?.payload {
            NetlinkPayload::InnerMessage(message) => Ok(Self(message)),
            _ => Err(D::Error::custom("a message is not one of rtnetlink")),
        }
    }
}
