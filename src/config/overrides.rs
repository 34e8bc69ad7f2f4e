//! What the command line says about settings.

/// Settings of this run alone; they win over the environment, the profile and the defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Refuse every edit.
    pub read_only: bool,
    /// The profile to use.
    pub profile: Option<String>,
    /// Region of the organisation: a key or a domain.
    pub region: Option<String>,
    /// Address of the API, instead of a region.
    pub api_url: Option<String>,
    /// Address of the login server, instead of a region.
    pub login_url: Option<String>,
    /// Leave the mouse to the terminal.
    pub no_mouse: bool,
    /// Draw with ASCII characters only.
    pub ascii: bool,
    /// Run the hooks of a configuration file that was named.
    pub allow_hooks: bool,
}
