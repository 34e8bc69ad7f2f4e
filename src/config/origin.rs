//! Where the organisation is and what there is to sign in with, as they are configured; and where a setting came from.

use super::file::Grant;
use secrecy::SecretString;
use std::fmt;

/// Where a setting came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// An option of the command line.
    Flag(&'static str),
    /// An environment variable.
    Variable(&'static str),
    /// The profile in use.
    Profile,
}

impl fmt::Display for From {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::Profile => f.write_str("the profile"),
        }
    }
}

/// Where the organisation is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A region, as it was written.
    Region(String),
    /// The API itself.
    Api(String),
}

/// What there is to sign in with.
#[derive(Clone, Debug, Default)]
pub enum Credentials {
    /// Nothing.
    #[default]
    None,
    /// A ready access token.
    Token(SecretString),
    /// A client with its secret.
    Client {
        /// OAuth client id.
        id: String,
        /// Its secret.
        secret: SecretString,
    },
    /// A client whose secret a command prints; run when the secret is needed.
    Command {
        /// OAuth client id.
        id: String,
        /// Shell command.
        command: String,
    },
    /// A client alone: what `sidetone login` stored for it is used.
    Stored {
        /// OAuth client id.
        id: String,
        /// How it signs in.
        grant: Grant,
    },
}
