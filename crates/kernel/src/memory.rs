//! What the C library's allocator keeps of what was freed.
//!
//! A daemon needs much memory for an instant, when it reads its configuration, and little for the years after. Left
//! alone, glibc keeps most of it: free pages below the last used one are not returned, and each large block that is
//! freed raises the size from which blocks get pages of their own (mallopt(3), M_MMAP_THRESHOLD).

/// Blocks from this size on have pages of their own, and return them when they are freed.
#[cfg(target_env = "gnu")]
const OWN_PAGES_FROM: libc::c_int = 64 * 1024;

/// Has large blocks returned to the system as soon as they are freed. Call it before there are any.
pub fn return_large_blocks() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it only sets a parameter of the allocator. It cannot fail for this one and a value below 32 MiB.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, OWN_PAGES_FROM);
    }
}

/// Returns all free pages to the system. Takes about a millisecond for some megabytes, and keeps other threads from
/// allocating meanwhile: nothing for a thread with timers, except before they run.
pub fn return_free_pages() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it touches free memory only.
    unsafe {
        libc::malloc_trim(0);
    }
}
