//! What a storage may hold.

/// Every type of content. `import` is accepted anywhere, but not every type of storage has it.
pub const CONTENT_TYPES: [&str; 8] =
    ["images", "rootdir", "vztmpl", "iso", "backup", "snippets", "none", "import"];

/// Whether it is a type of content (`PVE::Storage::Plugin::verify_content`).
pub(super) fn is_content(name: &[u8]) -> bool {
    CONTENT_TYPES.iter().any(|content| content.as_bytes() == name)
}
