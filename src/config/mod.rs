//! Where every setting comes from: flag, then environment, then profile, then default; for the safety settings
//! (read-only, masking) the strictest wins.

mod astray;
mod browser;
mod connect;
mod env;
mod file;
mod findings;
mod history;
mod origin;
mod overrides;
mod paths;
mod problem;
mod region;
mod resolve;
mod schema;
mod setting;
mod views;

pub(crate) use astray::confirm_password;
pub(crate) use browser::open_browser;
pub use env::{Env, EnvVariable, VARIABLES};
pub(crate) use env::{with_little, without_secrets};
pub use file::File;
pub use file::{Grant, Keys, LabelColor, Profile, ProfileName, RouteSetting, UiTable, WriteSetting};
pub use findings::{FindingsTable, Weight};
pub use history::{HistorySettings, HookOn, HookPlan, HooksTable, Least, StoreLocation, StoreTable};
pub use origin::{Address, Credentials, From};
pub use overrides::Overrides;
pub use paths::Paths;
pub(crate) use paths::{RECORDINGS, create_private, open_private, own_private, own_private_inside, write_private};
pub use problem::Problem;
pub(crate) use problem::{check_keys, line_of, nearest};
pub use resolve::{Settings, Ui};
pub(crate) use resolve::{check_file, check_switches};
pub use schema::{settings, template};
pub use setting::{Section, Setting};
pub use views::{SortBy, View, Views, delete_view, remember, remembered, save_view, saved_views};
