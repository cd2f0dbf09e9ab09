/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Opening a socket to receive at or to listen on. Addresses are numbers; no name service is asked.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/inside.h"

void name_address(const struct sockaddr_storage *address, char peer[peer_text], char host[peer_text])
{
    char text[INET6_ADDRSTRLEN] = "";
    const struct sockaddr_in *four = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
    bool is_four = address->ss_family == AF_INET;
    if (is_four)
        inet_ntop(AF_INET, &four->sin_addr, text, sizeof text);
    else
        inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof text);
    snprintf(host, peer_text, "%s", text);
    snprintf(peer, peer_text, is_four ? "%s:%d" : "[%s]:%d", text, ntohs(is_four ? four->sin_port : six->sin6_port));
}

/* "127.0.0.1:5514", "[::1]:5514": numbers only, no name service. */
static enum status parse_address(const char *address, int type, struct addrinfo **ret)
{
    char host[INET6_ADDRSTRLEN + 2] = "";
    const char *colon = address ? strrchr(address, ':') : NULL;
    if (!colon || colon == address || (size_t)(colon - address) >= sizeof host)
        return BAD_INPUT;
    memcpy(host, address, (size_t)(colon - address));
    size_t len = strlen(host);
    char *name = host;
    if (host[0] == '[' && host[len - 1] == ']') {
        host[len - 1] = 0;
        name++;
    }
    struct addrinfo hints = { .ai_socktype = type, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE };
    return getaddrinfo(name, colon + 1, &hints, ret) ? BAD_INPUT : OK;
}

bool port_address_good(const char *address)
{
    struct addrinfo *list;
    if (parse_address(address, SOCK_STREAM, &list) != OK)
        return false;
    freeaddrinfo(list);
    return true;
}

enum status listen_open(struct outlet *outlet, struct reasons *reasons)
{
    const struct port *port = outlet->port;
    int type = port->kind == PORT_UDP ? SOCK_DGRAM : SOCK_STREAM, on = 1;
    struct addrinfo *address;
    if (parse_address(port->address, type, &address) != OK) {
        reason_add(reasons, "port.address", port->name,
                   T_("\"%1$s\" is no address to listen at; write it as 127.0.0.1:5514 or [::1]:5514."),
                   port->address ? port->address : "");
        return BAD_INPUT;
    }
    int fd = socket(address->ai_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool good = fd >= 0;
    if (good && type == SOCK_STREAM)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (good && address->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    good = good && !bind(fd, address->ai_addr, address->ai_addrlen) && (type == SOCK_DGRAM || !listen(fd, 256));
    freeaddrinfo(address);
    outlet->watch = (struct watch){ .outlet = outlet, .fd = fd };
    if (good && type == SOCK_STREAM)
        return crowd_open(outlet, reasons);
    if (!good || !datagrams_open(outlet)) {
        reason_add(reasons, "port.listen", port->name, T_("Listening at %1$s failed: %2$s."), port->address,
                   strerror(errno));
        return FAILED_IO;
    }
    return OK;
}
