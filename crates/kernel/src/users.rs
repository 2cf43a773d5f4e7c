//! Names of users and groups, looked up in the system's databases. These look-ups may read files and ask servers:
//! they block.

use crate::error::{Doing, Result};
use std::ffi::{CStr, CString};
use std::io;
use std::mem::MaybeUninit;

/// The largest entry we are ready for: a group with very many members.
const LARGEST_ENTRY: usize = 16 * 1024 * 1024;

/// A user, from passwd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The login name.
    pub name: String,
    /// The user id.
    pub uid: u32,
    /// The primary group.
    pub gid: u32,
}

/// The user of this name; `None` when there is none.
///
/// # Errors
/// When the databases cannot be read.
pub fn user_by_name(name: &str) -> Result<Option<User>> {
    // A name with a NUL names nobody.
    let Ok(name) = CString::new(name) else {
        return Ok(None);
    };
    look_up_user(|entry, buffer, length, found| {
        // SAFETY: `name` ends in NUL; the other pointers are `look_up`'s, live and of the length named.
        unsafe { libc::getpwnam_r(name.as_ptr(), entry, buffer, length, found) }
    })
    .doing("look up a user")
}

/// The user with this id; `None` when there is none.
///
/// # Errors
/// When the databases cannot be read.
pub fn user_by_id(uid: u32) -> Result<Option<User>> {
    look_up_user(|entry, buffer, length, found| {
        // SAFETY: the pointers are `look_up`'s, live and of the length named.
        unsafe { libc::getpwuid_r(uid, entry, buffer, length, found) }
    })
    .doing("look up a user")
}

/// The id of the group of this name; `None` when there is none.
///
/// # Errors
/// When the databases cannot be read.
pub fn group_by_name(name: &str) -> Result<Option<u32>> {
    let Ok(name) = CString::new(name) else {
        return Ok(None);
    };
    look_up(
        |entry, buffer, length, found| {
            // SAFETY: `name` ends in NUL; the other pointers are `look_up`'s, live and of the length named.
            unsafe { libc::getgrnam_r(name.as_ptr(), entry, buffer, length, found) }
        },
        |entry: &libc::group| entry.gr_gid,
    )
    .doing("look up a group")
}

/// The name of the group with this id; `None` when there is none.
///
/// # Errors
/// When the databases cannot be read.
pub fn group_name(gid: u32) -> Result<Option<String>> {
    look_up(
        |entry, buffer, length, found| {
            // SAFETY: the pointers are `look_up`'s, live and of the length named.
            unsafe { libc::getgrgid_r(gid, entry, buffer, length, found) }
        },
        |entry: &libc::group| text_of(entry.gr_name),
    )
    .doing("look up a group")
}

/// All groups of a user, `gid` among them.
///
/// # Errors
/// When the databases cannot be read.
pub fn groups_of(user: &str, gid: u32) -> Result<Vec<u32>> {
    let name = CString::new(user).map_err(io::Error::from).doing("look up a user's groups")?;
    let mut groups = vec![0; 64];
    // Twice is enough unless the database changes in between.
    for _ in 0..4 {
        let mut count = i32::try_from(groups.len()).unwrap_or(i32::MAX);
        // SAFETY: `name` ends in NUL; `groups` has room for `count` ids.
        let result = unsafe { libc::getgrouplist(name.as_ptr(), gid, groups.as_mut_ptr(), &raw mut count) };
        let count = usize::try_from(count).unwrap_or(0);
        if result >= 0 {
            groups.truncate(count);
            return Ok(groups);
        }
        groups.resize(count.max(groups.len() * 2), 0);
    }
    Err(io::Error::from(io::ErrorKind::OutOfMemory)).doing("look up a user's groups")
}

fn look_up_user(
    call: impl FnMut(*mut libc::passwd, *mut libc::c_char, usize, *mut *mut libc::passwd) -> i32,
) -> io::Result<Option<User>> {
    look_up(call, |entry: &libc::passwd| User {
        name: text_of(entry.pw_name),
        uid: entry.pw_uid,
        gid: entry.pw_gid,
    })
}

/// Calls one of the `get..._r` functions with a growing buffer, and reads the entry while its texts are alive.
fn look_up<T, U>(
    mut call: impl FnMut(*mut T, *mut libc::c_char, usize, *mut *mut T) -> i32,
    read: impl Fn(&T) -> U,
) -> io::Result<Option<U>> {
    let mut buffer: Vec<libc::c_char> = vec![0; 1024];
    loop {
        let mut entry = MaybeUninit::<T>::zeroed();
        let mut found: *mut T = std::ptr::null_mut();
        match call(entry.as_mut_ptr(), buffer.as_mut_ptr(), buffer.len(), &raw mut found) {
            0 if found.is_null() => return Ok(None),
            // SAFETY: the call succeeded, so `found` points at `entry`, filled in, its texts in `buffer`.
            0 => return Ok(Some(read(unsafe { &*found }))),
            libc::ERANGE if buffer.len() < LARGEST_ENTRY => buffer.resize(buffer.len() * 2, 0),
            libc::EINTR => {}
            // These are other ways to say "no such entry" (getpwnam(3)).
            libc::ENOENT | libc::ESRCH | libc::EBADF | libc::EPERM => return Ok(None),
            errno => return Err(io::Error::from_raw_os_error(errno)),
        }
    }
}

fn text_of(text: *const libc::c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: the C library's entries end in NUL, and `look_up` keeps their memory alive meanwhile.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_known_by_name_and_by_number() {
        let root = user_by_name("root").expect("readable").expect("root exists");
        assert_eq!((root.uid, root.gid), (0, 0));
        assert_eq!(user_by_id(0).expect("readable"), Some(root));
        assert_eq!(group_by_name("root").expect("readable"), Some(0));
        assert_eq!(group_name(0).expect("readable").as_deref(), Some("root"));
        assert!(groups_of("root", 0).expect("readable").contains(&0));
    }

    #[test]
    fn unknown_names_are_nobody_rather_than_errors() {
        assert_eq!(user_by_name("no such user").expect("readable"), None);
        assert_eq!(user_by_name("root\0").expect("readable"), None);
        assert_eq!(user_by_id(0x7fff_1234).expect("readable"), None);
        assert_eq!(group_by_name("no such group").expect("readable"), None);
        assert_eq!(groups_of("no such user", 4711).expect("readable"), [4711]);
    }
}
