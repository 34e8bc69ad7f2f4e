//! What an action is, by the name of its type. The three forms spell the same actions differently
//! (`SetAttributesAction`, `setParticipantData`), never contradictorily, so one table serves all.

/// Kinds of action, before their settings are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the variant of `Kind` with its name")]
pub enum Class {
    SetData,
    GetData,
    Update,
    Decision,
    Switch,
    Menu,
    Collect,
    Lookup,
    Loop,
    ExitLoop,
    NextLoop,
    Jump,
    CallTask,
    EndTask,
    Transfer,
    End,
    Passive,
    Unknown,
}

/// Reads a type name.
pub fn classify(type_name: &str) -> Class {
    let mut name: String = type_name.chars().filter(char::is_ascii_alphanumeric).collect();
    name.make_ascii_lowercase();
    let name = match name.strip_suffix("action") {
        // `DataAction` is the platform's data action; `action` alone says nothing.
        Some("data" | "calldata") | Some("") => name.as_str(),
        Some(rest) => rest,
        None => name.as_str(),
    };
    match name {
        "setattributes" | "setparticipantdata" | "setparticipantattributes" | "setparticipantattribute" => {
            Class::SetData
        }
        "getattributes" | "getparticipantdata" | "getparticipantattributes" | "getconversationdata" => Class::GetData,
        "updatevariable" | "updatedata" | "setvariable" | "setvariables" | "assign" => Class::Update,
        "decision" | "condition" | "if" => Class::Decision,
        "switch" => Class::Switch,
        "menu" | "playmenu" | "ivrmenu" => Class::Menu,
        "collectinput" | "collectdigits" | "getinput" => Class::Collect,
        "dataaction" | "calldata" | "calldataaction" | "calldatasecure" | "securedata" | "datatablelookup"
        | "lookup" | "datalookup" => Class::Lookup,
        "loop" => Class::Loop,
        "exitloop" => Class::ExitLoop,
        "nextloop" => Class::NextLoop,
        "calltask" => Class::CallTask,
        "endtask" => Class::EndTask,
        "changestate" | "menusubmenu" | "menutask" | "task" => Class::Jump,
        "disconnect" | "menudisconnect" | "hangup" | "end" | "endflow" | "endworkflow" | "exitbotflow" | "exitflow"
        | "menuexit" => Class::End,
        "start"
        | "playaudio"
        | "playaudioonsilence"
        | "playprompt"
        | "prompt"
        | "say"
        | "greeting"
        | "communicate"
        | "sendresponse"
        | "wait"
        | "setlanguage"
        | "setlocale"
        | "setscreenpop"
        | "screenpop"
        | "addflowmilestone"
        | "setflowoutcome"
        | "initializeflowoutcome"
        | "setwrapupcode"
        | "setpostflow"
        | "setexternaltag"
        | "enableparticipantrecording"
        | "setwhisperaudio"
        | "holdmusic" => Class::Passive,
        _ if name.starts_with("jumpto") || name.starts_with("menujumpto") => Class::Jump,
        _ if name.starts_with("transfer") || name.starts_with("menutransfer") => Class::Transfer,
        _ => Class::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_the_three_forms_agree() {
        for (names, class) in [
            (["SetAttributesAction", "setParticipantData", "set_participant_data"], Class::SetData),
            (["GetAttributesAction", "getParticipantData", "getConversationData"], Class::GetData),
            (["UpdateVariableAction", "updateData", "setVariable"], Class::Update),
            (["DataAction", "callData", "dataAction"], Class::Lookup),
            (["TransferPureMatchAction", "transferToAcd", "menuTransferToAcd"], Class::Transfer),
            (["DisconnectAction", "disconnect", "menuDisconnect"], Class::End),
            (["JumpToTaskAction", "jumpToTask", "menuJumpToTask"], Class::Jump),
            (["SwitchAction", "switch", "Switch"], Class::Switch),
            (["ShowKnowledgeArticleAction", "action", ""], Class::Unknown),
        ] {
            for name in names {
                assert_eq!(classify(name), class, "{name}");
            }
        }
    }
}
