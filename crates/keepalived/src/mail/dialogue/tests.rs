//! Dialogues with servers of all kinds.

use super::*;

fn dialogue(recipients: &[&str]) -> Dialogue {
    Dialogue::new(Mail {
        helo_name: "node.example".to_owned(),
        from: "ka@example.net".to_owned(),
        recipients: recipients.iter().map(ToString::to_string).collect(),
        letter: "Subject: x\r\n\r\n.\r\n".to_owned(),
    })
}

/// What is said to these answers, and how it ends.
fn talk(dialogue: &mut Dialogue, codes: &[u16]) -> (Vec<String>, Option<Ending>) {
    let mut said = Vec::new();
    for code in codes {
        match dialogue.handle_answer(*code) {
            Next::Say(text) => said.push(text),
            Next::Leave(text, ending) => {
                said.push(text);
                return (said, Some(ending));
            }
        }
    }
    (said, None)
}

#[test]
fn a_mail_is_handed_over_command_by_command() {
    let (said, ending) = talk(&mut dialogue(&["a@b", "c@d"]), &[220, 250, 250, 250, 250, 354, 250]);
    let expected = [
        "HELO node.example\r\n",
        "MAIL FROM:<ka@example.net>\r\n",
        "RCPT TO:<a@b>\r\n",
        "RCPT TO:<c@d>\r\n",
        "DATA\r\n",
        "Subject: x\r\n\r\n.\r\n",
        "QUIT\r\n",
    ];
    assert_eq!(said, expected);
    assert_eq!(ending, Some(Ending::Delivered));
}

#[test]
fn a_refusal_of_any_step_ends_it_politely() {
    let good = [220, 250, 250, 250, 354, 250];
    for (step, command) in ["(E)SMTP", "HELO", "MAIL", "RCPT", "DATA", "BODY"].into_iter().enumerate() {
        let mut codes = good[..step].to_vec();
        codes.push(550);
        let (said, ending) = talk(&mut dialogue(&["a@b"]), &codes);
        assert_eq!(ending, Some(Ending::Refused { command, code: 550 }));
        assert_eq!(said.last().map(String::as_str), Some("QUIT\r\n"));
    }
}

#[test]
fn an_answer_that_does_not_fit_is_a_refusal() {
    // A server that says 250 to DATA has taken nothing yet.
    let (_, ending) = talk(&mut dialogue(&["a@b"]), &[220, 250, 250, 250, 250]);
    assert_eq!(ending, Some(Ending::Refused { command: "DATA", code: 250 }));
}

#[test]
fn a_refused_recipient_does_not_cost_the_others_their_mail() {
    let mut dialogue = dialogue(&["a@b", "Second Admin", "c@d"]);
    let (said, ending) = talk(&mut dialogue, &[220, 250, 250, 250, 553, 251, 354, 250]);
    assert_eq!(ending, Some(Ending::Delivered));
    assert_eq!(said[4], "RCPT TO:<c@d>\r\n");
    assert_eq!(dialogue.refused(), [("Second Admin".to_owned(), 553)]);
}
