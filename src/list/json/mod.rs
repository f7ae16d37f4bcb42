//! Lists as JSON: what servers answer and what other programs publish.
//!
//! The text is checked once from end to end, and then `walk` cuts pieces out of it: what
//! a document is, its own members and those of its first entries say (`kind`), and one
//! odd entry costs its row and not the file. Each other file here reads formats of one
//! sort, with what `reader` gives to all.

mod collection;
mod kind;
mod pleroma;
mod published;
mod reader;
mod servers;
mod threadiverse;
mod walk;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::decode::Source;
use super::error::ReadError;
use super::{Document, Format};
use reader::{Reader, Top};
use walk::{Item, Piece};

pub(super) fn read(source: &Source<'_>, forced: Option<Format>) -> Result<Document, ReadError> {
    let text = well_formed(&source.text)?;
    let piece = check(&text)?;
    // A list has no members of its own; an object with too many is nothing that is known.
    let item = if walk::is_object(piece) { Item::of(piece) } else { Some(Item::default()) };
    let top = Top { piece, item: item.ok_or(ReadError::Json { says: None })? };
    let format = match forced {
        Some(format) => format,
        None => kind::of(&top)?,
    };
    let mut reader = Reader::new(&text, source.guessed);
    if matches!(text, Cow::Owned(_)) {
        reader.remark(
            "this is not quite JSON: there are commas with nothing after them. They were left out",
        );
    }
    read_as(&mut reader, &top, format)?;
    reader.rows.finish(format, true)
}

fn read_as<'a>(reader: &mut Reader<'a>, top: &Top<'a>, format: Format) -> Result<(), ReadError> {
    use Format as F;
    match format {
        F::InstanceBlocks => servers::instance_blocks(reader, top.list(format)?),
        F::AdminBlocks => servers::admin_blocks(reader, top.list(format)?),
        F::UserBlocks => servers::user_blocks(reader, top.list(format)?),
        F::Gotosocial => servers::gotosocial(reader, top.list(format)?),
        F::Misskey => servers::misskey(reader, top)?,
        F::PleromaNodeinfo => pleroma::nodeinfo(reader, top)?,
        F::PleromaAdmin => pleroma::admin(reader, top)?,
        F::Lemmy => threadiverse::lemmy(reader, top)?,
        F::Mbin => threadiverse::mbin(reader, top)?,
        F::Piefed => threadiverse::piefed(reader, top)?,
        F::Fediseer => threadiverse::fediseer(reader, top)?,
        F::Fires => collection::fires(reader, top)?,
        F::Rapidblock => published::rapidblock(reader, top)?,
        F::Chaos => published::chaos(reader, top.list(format)?),
        F::Bookwyrm => published::bookwyrm(reader, top.list(format)?),
        F::PeertubeLog => published::peertube(reader, top)?,
        F::Pixelfed => published::pixelfed(reader, top)?,
        // The others are no JSON, and never come here.
        _ => return Err(ReadError::NotThisFormat { format }),
    }
    Ok(())
}

fn check(text: &str) -> Result<Piece<'_>, ReadError> {
    serde_json::from_str(text).map_err(|error| ReadError::BrokenJson {
        line: u32::try_from(error.line()).unwrap_or(u32::MAX),
    })
}

/// The text, or what it becomes without its trailing commas, which people leave in lists
/// that they write by hand.
fn well_formed(text: &str) -> Result<Cow<'_, str>, ReadError> {
    match check(text) {
        Ok(_) => Ok(Cow::Borrowed(text)),
        Err(error) => {
            let mended = without_trailing_commas(text);
            check(&mended).map_err(|_| error)?;
            Ok(Cow::Owned(mended))
        }
    }
}

/// Puts a space in the place of each comma after which a bracket closes, so that all else
/// stays on its line.
fn without_trailing_commas(text: &str) -> String {
    let mut mended = String::with_capacity(text.len());
    let (mut in_string, mut escaped, mut comma) = (false, false, None);
    let mut copied = 0;
    for (at, byte) in text.bytes().enumerate() {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        match byte {
            b',' => comma = Some(at),
            b']' | b'}' => {
                if let Some(comma) = comma.take() {
                    mended.push_str(&text[copied..comma]);
                    mended.push(' ');
                    copied = comma + 1;
                }
            }
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => (in_string, comma) = (byte == b'"', None),
        }
    }
    mended.push_str(&text[copied..]);
    mended
}
