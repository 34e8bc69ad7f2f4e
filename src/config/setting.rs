//! What a setting is, and how the settings of a table are declared: once, with the type that they are read into.

/// The tables of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Before the first table.
    Top,
    /// `[profile.NAME]`.
    Profile,
    /// `[ui]`.
    Ui,
    /// `[view.NAME]`.
    View,
    /// `[findings]`, and `[profile.NAME.findings]` over it.
    Findings,
    /// `[audit]`.
    Audit,
    /// `[store]`.
    Store,
    /// `[hooks]`.
    Hooks,
}

/// One key.
#[derive(Debug)]
pub struct Setting {
    /// Its table.
    pub section: Section,
    /// Its name.
    pub key: &'static str,
    /// A valid value, as TOML.
    pub sample: &'static str,
    /// What holds without it.
    pub default: &'static str,
    /// What it does, one line.
    pub help: &'static str,
}

/// Declares the settings of a table once: its type for serde, and its lines of the table of all settings.
///
/// `key: Type, "what holds without it", "a valid value, as TOML";` with what it does, in one sentence, as its doc comment. Everything is
/// optional in the file, so a field is an [`Option`] of the type.
macro_rules! settings_table {
    ($(#[$outer:meta])* $vis:vis struct $name:ident in $section:ident, $table:ident {
        $( $(#[doc = $help:literal])+ $(#[serde($($serde:tt)*)])? $key:ident: $type:ty, $default:literal, $sample:literal; )*
    } $( and { $( $(#[$more:meta])+ $field:ident: $own:ty, )* } )?) => {
        $(#[$outer])*
        #[serde(default, deny_unknown_fields)]
        $vis struct $name {
            $( $(#[doc = $help])+ $(#[serde($($serde)*)])? pub $key: Option<$type>, )*
            $( $( $(#[$more])+ pub $field: $own, )* )?
        }

        /// Its settings.
        pub(super) const $table: &[$crate::config::setting::Setting] = &[
            $( $crate::config::setting::Setting {
                section: $crate::config::setting::Section::$section,
                key: stringify!($key),
                sample: $sample,
                default: $default,
                help: concat!($($help),+).trim_ascii_start(),
            }, )*
        ];
    };
}
pub(super) use settings_table;

/// Values of `theme`.
pub const THEMES: &[&str] = &["auto", "terminal", "dark", "light", "high-contrast", "mono", "production"];

/// The names of settings, as the file has them.
pub(super) fn names(settings: &[Setting]) -> impl Iterator<Item = &'static str> + '_ {
    settings.iter().map(|setting| setting.key)
}
