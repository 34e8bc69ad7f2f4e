//! Views, and how the table was left, on disk.

use crate::{
    app::{Msg, views::CallsView},
    domain::At,
    shell::{driver::Driver, files, input::Keys, terminal::Terminal},
};

impl<T: Terminal, K: Keys> Driver<T, K> {
    pub(super) fn save_view(&mut self, at: At, view: CallsView) {
        if let Err(why) = files::save_view(&self.state, view) {
            self.tell(at, Msg::Failed(why));
        }
    }

    pub(super) fn delete_view(&mut self, at: At, name: &str) {
        if let Err(why) = files::delete_view(&self.state, name) {
            self.tell(at, Msg::Failed(why));
        }
    }

    pub(super) fn remember(&mut self, at: At, view: CallsView) {
        let name = self.model.settings.kept_as().to_owned();
        // Once is enough: it will not be otherwise with the next change.
        if let Err(why) = files::remember(&self.state, &name, view)
            && !std::mem::replace(&mut self.forgetful, true)
        {
            self.tell(at, Msg::Failed(why));
        }
    }
}
