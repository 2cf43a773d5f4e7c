/*
 * A stand-in for the kernel's load balancer, for measuring health checks on a kernel without ip_vs: preloaded into either
 * program, it takes over generic netlink sockets, answers requests to the family IPVS as the kernel would, and remembers
 * services and servers, so that whoever reads the table finds it as it was written. Nothing is balanced. Everything else
 * (checks, timers, other sockets) goes to the kernel as usual. Single requests and batches; no threads, no locks: each
 * program speaks to it from one thread at a time.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FAMILY = 40, MOST_SOCKETS = 65536, MOST_SERVICES = 1024, REPLY_BYTES = 60000 };
/* linux/ip_vs.h */
enum { NEW_SERVICE = 1, SET_SERVICE, DEL_SERVICE, GET_SERVICE, NEW_DEST, SET_DEST, DEL_DEST, GET_DEST,
       GET_DAEMON = 11, SET_CONFIG, GET_CONFIG, SET_INFO, GET_INFO, FLUSH = 17 };

/* Our end of a socket that the program believes to lead into the kernel; 0 for all others. */
static int kernel_end[MOST_SOCKETS];

/* A nest of attributes as it was sent. */
struct nest { unsigned char *bytes; int length; };
struct service { struct nest self; struct nest *servers; int count, room; };
static struct service services[MOST_SERVICES];
static int service_count;

static unsigned char reply[REPLY_BYTES];
static int reply_length;

static void *next(const char *name) { return dlsym(RTLD_NEXT, name); }
static int is_ours(int fd) { return fd >= 0 && fd < MOST_SOCKETS && kernel_end[fd]; }

static struct nlattr *find(unsigned char *bytes, int length, int kind)
{
    while (length >= (int)sizeof(struct nlattr)) {
        struct nlattr *attribute = (struct nlattr *)bytes;
        int step = NLA_ALIGN(attribute->nla_len);
        if (attribute->nla_len < sizeof *attribute || attribute->nla_len > length) return 0;
        if ((attribute->nla_type & NLA_TYPE_MASK) == kind) return attribute;
        bytes += step; length -= step;
    }
    return 0;
}

static struct nest inside(struct nlattr *attribute)
{
    struct nest nest = { 0, 0 };
    if (attribute) { nest.bytes = (unsigned char *)(attribute + 1); nest.length = attribute->nla_len - NLA_HDRLEN; }
    return nest;
}

/* The same value of an attribute, or none on both sides. */
static int same(struct nest a, struct nest b, int kind)
{
    struct nlattr *x = find(a.bytes, a.length, kind), *y = find(b.bytes, b.length, kind);
    return x && y ? x->nla_len == y->nla_len && !memcmp(x + 1, y + 1, x->nla_len - NLA_HDRLEN) : !x && !y;
}

static struct service *service_of(struct nest wanted)
{
    for (int i = 0; i < service_count; i++) {
        struct nest is = services[i].self;
        if (same(is, wanted, 1) && same(is, wanted, 2) && same(is, wanted, 3) && same(is, wanted, 4) && same(is, wanted, 5))
            return &services[i];
    }
    return 0;
}

static struct nest *server_of(struct service *service, struct nest wanted)
{
    for (int i = 0; i < service->count; i++)
        if (same(service->servers[i], wanted, 1) && same(service->servers[i], wanted, 2)) return &service->servers[i];
    return 0;
}

static struct nest copy(struct nest of)
{
    struct nest nest = { malloc(of.length), of.length };
    memcpy(nest.bytes, of.bytes, of.length);
    return nest;
}

static int change_service(int command, struct nest wanted)
{
    struct service *service = service_of(wanted);
    if (command == NEW_SERVICE) {
        if (service) return -EEXIST;
        if (service_count == MOST_SERVICES) return -ENOMEM;
        service = &services[service_count++];
        memset(service, 0, sizeof *service);
        service->self = copy(wanted);
        return 0;
    }
    if (!service) return -ESRCH;
    if (command == SET_SERVICE) { free(service->self.bytes); service->self = copy(wanted); return 0; }
    for (int i = 0; i < service->count; i++) free(service->servers[i].bytes);
    free(service->servers); free(service->self.bytes);
    memmove(service, service + 1, (char *)&services[--service_count] - (char *)service);
    return 0;
}

static int change_server(int command, struct nest of, struct nest wanted)
{
    struct service *service = service_of(of);
    struct nest *server = service ? server_of(service, wanted) : 0;
    if (!service) return -ESRCH;
    if (command == NEW_DEST) {
        if (server) return -EEXIST;
        if (service->count == service->room) {
            service->room = service->room ? service->room * 2 : 16;
            service->servers = realloc(service->servers, service->room * sizeof *service->servers);
        }
        service->servers[service->count++] = copy(wanted);
        return 0;
    }
    if (!server) return -ENOENT;
    free(server->bytes);
    if (command == SET_DEST) *server = copy(wanted);
    else memmove(server, server + 1, (char *)&service->servers[--service->count] - (char *)server);
    return 0;
}

/* Begins a message of the answer; attributes are appended with `put`, and `end` closes it. */
static struct nlmsghdr *begin(const struct nlmsghdr *to, int kind, int flags, int command)
{
    struct nlmsghdr *message = (struct nlmsghdr *)(reply + reply_length);
    memset(message, 0, NLMSG_HDRLEN + GENL_HDRLEN);
    message->nlmsg_type = kind; message->nlmsg_flags = flags;
    message->nlmsg_seq = to->nlmsg_seq; message->nlmsg_pid = to->nlmsg_pid;
    reply_length += NLMSG_HDRLEN;
    if (command) { reply[reply_length] = command; reply[reply_length + 1] = 1; reply_length += GENL_HDRLEN; }
    return message;
}

static void put(int kind, const void *value, int length)
{
    struct nlattr *attribute = (struct nlattr *)(reply + reply_length);
    attribute->nla_type = kind; attribute->nla_len = NLA_HDRLEN + length;
    memcpy(attribute + 1, value, length);
    memset((char *)(attribute + 1) + length, 0, NLA_ALIGN(length) - length);
    reply_length += NLA_ALIGN(attribute->nla_len);
}

static void end(struct nlmsghdr *message)
{
    message->nlmsg_len = reply + reply_length - (unsigned char *)message;
    reply_length = NLMSG_ALIGN(reply_length);
}

static void flush(int to)
{
    if (reply_length) (void)!write(to, reply, reply_length);
    reply_length = 0;
}

static void say(const struct nlmsghdr *to, int flags, int command, int kind, struct nest nest)
{
    struct nlmsghdr *message = begin(to, FAMILY, flags, command);
    put(kind | NLA_F_NESTED, nest.bytes, nest.length);
    end(message);
}

static void say_numbers(const struct nlmsghdr *to, int kind, int command, int first, const unsigned *numbers, int count)
{
    struct nlmsghdr *message = begin(to, kind, 0, command);
    for (int i = 0; i < count; i++) put(first + i, &numbers[i], sizeof numbers[i]);
    end(message);
}

static int say_family(const struct nlmsghdr *to, struct nest attributes)
{
    struct nlattr *name = find(attributes.bytes, attributes.length, CTRL_ATTR_FAMILY_NAME);
    if (!name || strcmp((char *)(name + 1), "IPVS")) return -ENOENT;
    struct nlmsghdr *message = begin(to, GENL_ID_CTRL, 0, CTRL_CMD_NEWFAMILY);
    unsigned short number = FAMILY;
    unsigned version = 1, header = 0, most = 6;
    put(CTRL_ATTR_FAMILY_ID, &number, sizeof number);
    put(CTRL_ATTR_FAMILY_NAME, "IPVS", 5);
    put(CTRL_ATTR_VERSION, &version, 4); put(CTRL_ATTR_HDRSIZE, &header, 4); put(CTRL_ATTR_MAXATTR, &most, 4);
    end(message);
    return 0;
}

static void dump(int to, const struct nlmsghdr *request, int command, struct nest of)
{
    struct service *service = command == GET_DEST ? service_of(of) : 0;
    int count = command == GET_SERVICE ? service_count : service ? service->count : 0;
    for (int i = 0; i < count; i++) {
        if (command == GET_SERVICE) say(request, NLM_F_MULTI, NEW_SERVICE, 1, services[i].self);
        else say(request, NLM_F_MULTI, NEW_DEST, 2, service->servers[i]);
        if (reply_length > REPLY_BYTES / 2) flush(to);
    }
    struct nlmsghdr *message = begin(request, NLMSG_DONE, NLM_F_MULTI, 0);
    memset(reply + reply_length, 0, 4); reply_length += 4;
    end(message);
}

static void answer(int to, struct nlmsghdr *request)
{
    struct genlmsghdr *generic = NLMSG_DATA(request);
    struct nest attributes = { (unsigned char *)(generic + 1), (int)request->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN };
    struct nest service = inside(find(attributes.bytes, attributes.length, 1));
    struct nest server = inside(find(attributes.bytes, attributes.length, 2));
    static const unsigned information[] = { 0x010201, 4096 }, timeouts[] = { 900, 120, 300 };
    int error = 0;
    if (request->nlmsg_type == GENL_ID_CTRL) error = say_family(request, attributes);
    else if ((request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP) { dump(to, request, generic->cmd, service); return; }
    else switch (generic->cmd) {
    case NEW_SERVICE: case SET_SERVICE: case DEL_SERVICE: error = change_service(generic->cmd, service); break;
    case NEW_DEST: case SET_DEST: case DEL_DEST: error = change_server(generic->cmd, service, server); break;
    case GET_INFO: say_numbers(request, FAMILY, SET_INFO, 1, information, 2); break;
    case GET_CONFIG: say_numbers(request, FAMILY, SET_CONFIG, 4, timeouts, 3); break;
    case FLUSH: while (service_count) change_service(DEL_SERVICE, services[0].self); break;
    default: break;
    }
    if (error || request->nlmsg_flags & NLM_F_ACK) {
        /* As from the kernel, an answer and its acknowledgement are two datagrams. Those of changes go together. */
        if (request->nlmsg_type == GENL_ID_CTRL || generic->cmd == GET_INFO || generic->cmd == GET_CONFIG) flush(to);
        struct nlmsghdr *message = begin(request, NLMSG_ERROR, 0, 0);
        memcpy(reply + reply_length, &error, 4); memcpy(reply + reply_length + 4, request, NLMSG_HDRLEN);
        reply_length += 4 + NLMSG_HDRLEN;
        end(message);
    }
}

static ssize_t take(int fd, unsigned char *bytes, int length)
{
    int left = length;
    for (struct nlmsghdr *message = (struct nlmsghdr *)bytes; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
        answer(kernel_end[fd], message);
        if (reply_length > REPLY_BYTES / 2) flush(kernel_end[fd]);
    }
    flush(kernel_end[fd]);
    return length;
}

static void from_kernel(void *name, socklen_t *length)
{
    struct sockaddr_nl address = { .nl_family = AF_NETLINK };
    if (!name || !length) return;
    memcpy(name, &address, *length < sizeof address ? *length : sizeof address);
    *length = sizeof address;
}

int socket(int family, int kind, int protocol)
{
    int (*original)(int, int, int) = next("socket"), ends[2];
    if (family != AF_NETLINK || protocol != NETLINK_GENERIC) return original(family, kind, protocol);
    if (socketpair(AF_UNIX, SOCK_DGRAM | (kind & ~0xf), 0, ends) < 0) return -1;
    int room = 1 << 20;
    setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    kernel_end[ends[0]] = ends[1];
    return ends[0];
}

int close(int fd)
{
    int (*original)(int) = next("close");
    if (is_ours(fd)) { original(kernel_end[fd]); kernel_end[fd] = 0; }
    return original(fd);
}

int bind(int fd, const struct sockaddr *address, socklen_t length)
{
    int (*original)(int, const struct sockaddr *, socklen_t) = next("bind");
    return is_ours(fd) ? 0 : original(fd, address, length);
}

int getsockname(int fd, struct sockaddr *address, socklen_t *length)
{
    int (*original)(int, struct sockaddr *, socklen_t *) = next("getsockname");
    if (!is_ours(fd)) return original(fd, address, length);
    from_kernel(address, length);
    ((struct sockaddr_nl *)address)->nl_pid = 1000 + fd;
    return 0;
}

int setsockopt(int fd, int level, int option, const void *value, socklen_t length)
{
    int (*original)(int, int, int, const void *, socklen_t) = next("setsockopt");
    return is_ours(fd) && level == SOL_NETLINK ? 0 : original(fd, level, option, value, length);
}

ssize_t sendto(int fd, const void *bytes, size_t length, int flags, const struct sockaddr *to, socklen_t to_length)
{
    ssize_t (*original)(int, const void *, size_t, int, const struct sockaddr *, socklen_t) = next("sendto");
    return is_ours(fd) ? take(fd, (unsigned char *)bytes, length) : original(fd, bytes, length, flags, to, to_length);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    ssize_t (*original)(int, const struct msghdr *, int) = next("sendmsg");
    if (!is_ours(fd) || message->msg_iovlen != 1) return original(fd, message, flags);
    return take(fd, message->msg_iov[0].iov_base, message->msg_iov[0].iov_len);
}

ssize_t recvfrom(int fd, void *bytes, size_t length, int flags, struct sockaddr *from, socklen_t *from_length)
{
    ssize_t (*original)(int, void *, size_t, int, struct sockaddr *, socklen_t *) = next("recvfrom");
    if (!is_ours(fd)) return original(fd, bytes, length, flags, from, from_length);
    from_kernel(from, from_length);
    return original(fd, bytes, length, flags, 0, 0);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    ssize_t (*original)(int, struct msghdr *, int) = next("recvmsg");
    void *name = message->msg_name;
    socklen_t length = message->msg_namelen;
    ssize_t received = original(fd, message, flags);
    if (is_ours(fd) && received >= 0) { from_kernel(name, &length); message->msg_namelen = length; }
    return received;
}
