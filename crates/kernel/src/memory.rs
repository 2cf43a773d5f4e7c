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

/// What [`expect_much`] has the heap grow by.
#[cfg(target_env = "gnu")]
const GROWTH: usize = 32 * 1024 * 1024;
/// A large page of x86 and of most others.
#[cfg(target_env = "gnu")]
const LARGE_PAGE: usize = 2 * 1024 * 1024;

/// For a process that reads something large and ends: has its heap grow by much at a time, in large pages, so that the
/// kernel need not be asked for each 4 KiB. Not for a daemon, which would keep what it does not need.
pub fn expect_much() {
    #[cfg(target_env = "gnu")]
    // SAFETY: the parameters are numbers that the allocator knows. The block that is allocated lies below the end of the
    // heap and is freed at once. `madvise` with MADV_HUGEPAGE changes no contents, whatever memory it is told of, and a
    // refusal changes nothing at all.
    unsafe {
        let growth = libc::c_int::try_from(GROWTH).unwrap_or(libc::c_int::MAX);
        libc::mallopt(libc::M_MMAP_THRESHOLD, growth);
        libc::mallopt(libc::M_TOP_PAD, growth);
        // Larger than what the heap has left. A compiler that saw the two together would leave both out.
        libc::free(std::hint::black_box(libc::malloc(LARGE_PAGE)));
        let end = libc::sbrk(0).addr();
        let start = end.saturating_sub(GROWTH).next_multiple_of(LARGE_PAGE);
        let length = (end - start) / LARGE_PAGE * LARGE_PAGE;
        libc::madvise(std::ptr::with_exposed_provenance_mut(start), length, libc::MADV_HUGEPAGE);
    }
}
