//! Conversations and their participants read at a cursor, in one pass. What is not as the schema says gives `None`: that is
//! for serde, which knows what to make of it.

use super::{ConversationBody, Flag, Leg, List, Raw, Text, WireParticipant};
use crate::genesys::wire::cursor::Cursor;

/// A field that is read at a cursor.
enum Field<'f, 'a> {
    Text(&'f mut Text<'a>),
    Flag(&'f mut Flag),
    Raw(&'f mut Raw<'a>),
    Legs(&'f mut List<Leg<'a>>),
    Texts(&'f mut List<Text<'a>>),
    /// What the caller reads.
    Other,
}

/// Fields that were read: one that stands twice is for the full decoder, which refuses it.
#[derive(Default)]
struct Once(u32);

impl Once {
    fn is_first(&mut self, field: u32) -> Option<()> {
        let bit = 1 << field;
        let first = self.0 & bit == 0;
        self.0 |= bit;
        first.then_some(())
    }
}

impl<'a> Field<'_, 'a> {
    /// Reads the value at the cursor. `None` for what the field is not meant to be, `null` apart.
    fn read(self, cursor: &mut Cursor<'a>) -> Option<()> {
        match (self, cursor.peek()?) {
            (Self::Text(field), b'"') => field.0 = Some(cursor.string()?.text()?),
            (Self::Flag(field), b't') => {
                cursor.word("true")?;
                field.0 = Some(true);
            }
            (Self::Flag(field), b'f') => {
                cursor.word("false")?;
                field.0 = Some(false);
            }
            (Self::Legs(field), b'[') => cursor.list(|cursor| {
                field.0.push(Leg::read(cursor)?);
                Some(())
            })?,
            (Self::Texts(field), b'[') => cursor.list(|cursor| {
                let mut text = Text::default();
                Field::Text(&mut text).read(cursor)?;
                field.0.push(text);
                Some(())
            })?,
            (_, b'n') => cursor.word("null")?,
            (Self::Raw(field), _) => field.0 = Some(cursor.value()?),
            _ => return None,
        }
        Some(())
    }
}

impl<'a> ConversationBody<'a> {
    /// Reads the conversation at the cursor; `participant` reads each of its participants.
    pub fn read(cursor: &mut Cursor<'a>, mut participant: impl FnMut(&mut Cursor<'a>) -> Option<()>) -> Option<Self> {
        let (mut body, mut once) = (Self::default(), Once::default());
        cursor.object(|cursor, key| {
            let (place, field) = match key.raw {
                _ if key.escaped => return None,
                "id" => (0, Field::Text(&mut body.id)),
                "startTime" => (1, Field::Text(&mut body.start_time)),
                "endTime" => (2, Field::Text(&mut body.end_time)),
                "address" => (3, Field::Text(&mut body.address)),
                "participants" => (4, Field::Other),
                _ => return cursor.value().map(drop),
            };
            once.is_first(place)?;
            match field {
                Field::Other => cursor.list(&mut participant),
                field => field.read(cursor),
            }
        })?;
        Some(body)
    }
}

impl<'a> WireParticipant<'a> {
    /// Reads the participant at the cursor; `attributes` reads its attribute map, if it has one.
    pub fn read(cursor: &mut Cursor<'a>, mut attributes: impl FnMut(&mut Cursor<'a>) -> Option<()>) -> Option<Self> {
        let (mut it, mut once) = (Self::default(), Once::default());
        cursor.object(|cursor, key| {
            let (place, field) = match key.raw {
                _ if key.escaped => return None,
                "id" => (0, Field::Text(&mut it.id)),
                "purpose" => (1, Field::Text(&mut it.purpose)),
                "name" => (2, Field::Text(&mut it.name)),
                "address" => (3, Field::Text(&mut it.address)),
                "ani" => (4, Field::Text(&mut it.ani)),
                "dnis" => (5, Field::Text(&mut it.dnis)),
                "userId" => (6, Field::Text(&mut it.user_id)),
                "user" => (7, Field::Raw(&mut it.user)),
                "queueId" => (8, Field::Text(&mut it.queue_id)),
                "queue" => (9, Field::Raw(&mut it.queue)),
                "connectedTime" => (10, Field::Text(&mut it.connected_time)),
                "endTime" => (11, Field::Text(&mut it.end_time)),
                "state" => (12, Field::Text(&mut it.state)),
                "held" => (13, Field::Flag(&mut it.held)),
                "attributes" => (14, Field::Other),
                "calls" => (15, Field::Legs(&mut it.calls)),
                "callbacks" => (16, Field::Legs(&mut it.callbacks)),
                "chats" => (17, Field::Legs(&mut it.chats)),
                "cobrowsesessions" | "cobrowseSessions" => (18, Field::Legs(&mut it.cobrowsesessions)),
                "emails" => (19, Field::Legs(&mut it.emails)),
                "messages" => (20, Field::Legs(&mut it.messages)),
                "internalMessages" => (21, Field::Legs(&mut it.internal_messages)),
                "screenshares" => (22, Field::Legs(&mut it.screenshares)),
                "socialExpressions" => (23, Field::Legs(&mut it.social_expressions)),
                "videos" => (24, Field::Legs(&mut it.videos)),
                "queueName" => (25, Field::Text(&mut it.queue_name)),
                _ => return cursor.value().map(drop),
            };
            once.is_first(place)?;
            match field {
                Field::Other if cursor.peek()? == b'{' => attributes(cursor),
                Field::Other => cursor.value().map(drop),
                field => field.read(cursor),
            }
        })?;
        Some(it)
    }
}

impl<'a> Leg<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Option<Self> {
        let (mut it, mut once) = (Self::default(), Once::default());
        cursor.object(|cursor, key| {
            let (place, field) = match key.raw {
                _ if key.escaped => return None,
                "state" => (0, Field::Text(&mut it.state)),
                "held" => (1, Field::Flag(&mut it.held)),
                "self" => (2, Field::Raw(&mut it.own)),
                "callbackNumbers" => (3, Field::Texts(&mut it.callback_numbers)),
                _ => return cursor.value().map(drop),
            };
            once.is_first(place)?;
            field.read(cursor)
        })?;
        Some(it)
    }
}
