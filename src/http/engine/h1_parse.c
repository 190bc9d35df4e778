/* SPDX-License-Identifier: Apache-2.0
 * Two passes over a head: h1_scan() finds its end as bytes arrive, h1_parse() reads it whole. The rule behind each
 * check is named beside it ("9112" and "9110" are the RFCs). */
#include "http/engine/h1_parse.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"

/* What a byte may be part of. */
enum {
    VALUE = 1,  /* 9110 section 5.5: a field value (VCHAR, SP, HTAB) */
    TOKEN = 2,  /* 9110 section 5.6.2: tchar */
    TARGET = 4, /* RFC 3986: pchar, "/" and "?"; "%" has its own check */
    HIGH = 8,   /* 9110 section 5.5: obs-text; taken as UTF-8 only */
};

#define V VALUE
#define T (VALUE | TOKEN)
#define U (VALUE | TARGET)
#define B (VALUE | TOKEN | TARGET)
static const uint8_t ASCII[128] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, V, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    /* SP ! " # $ % & ' ( ) * + , - . /  0 … 9 : ; < = > ? */
    V, B, V, T, B, T, B, B, U, U, B, B, U, B, B, U, B, B, B, B, B, B, B, B, B, B, U, U, V, U, V, U,
    /* @ A … Z [ \ ] ^ _ */
    U, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, V, V, V, T, B,
    /* ` a … z { | } ~ DEL */
    T, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, V, T, V, B, 0,
};
#undef V
#undef T
#undef U
#undef B

static unsigned class_of(char c)
{
    uint8_t byte = (uint8_t)c;
    return byte < 128 ? ASCII[byte] : HIGH;
}

static bool all_of(struct text text, unsigned wanted)
{
    for (size_t i = 0; i < text.size; i++)
        if ((class_of(text.at[i]) & wanted) == 0)
            return false;
    return true;
}

bool h1_is_token(struct text text)
{
    return text.size > 0 && all_of(text, TOKEN);
}

bool h1_is_field_value(struct text text)
{
    return all_of(text, VALUE) || (all_of(text, VALUE | HIGH) && text_is_utf8(text));
}

static h1_outcome refuse(struct h1_refusal *out, err code, const char *reason, const char *detail)
{
    *out = (struct h1_refusal){code, reason, detail};
    return H1_REFUSED;
}

/* ---- finding the end */

static h1_outcome check_limits(const struct h1_scan *scan, size_t at, struct h1_refusal *out)
{
    if (scan->line_count == 0 && at - scan->line_start > LIMIT_REQUEST_LINE_BYTES) /* 9112 section 3 */
        return refuse(out, TARGET_TOO_LONG, "http.request_line", "the request line is too long");
    if (scan->line_count > 0 && at - scan->fields_start > LIMIT_HEAD_BYTES) /* RFC 6585 section 5 */
        return refuse(out, HEAD_TOO_LARGE, "http.head", "the header fields are too large");
    if (scan->line_count > LIMIT_FIELDS + 1)
        return refuse(out, HEAD_TOO_LARGE, "http.field_count", "too many header fields");
    return H1_MORE;
}

/* A line ends with the CR at `at`. */
static h1_outcome end_line(struct h1_scan *scan, size_t at, struct h1_refusal *out)
{
    size_t size = at - scan->line_start;
    if (size == 0 && scan->line_count > 0) {
        scan->head_bytes = at + 2;
        return H1_DONE;
    }
    if (size == 0 && at > 0) /* 9112 section 2.2: one empty line before the request is forgiven */
        return refuse(out, MALFORMED, "http.request_line", "empty lines stand before the request line");
    scan->line_count += size > 0;
    scan->line_start = at + 2;
    if (scan->line_count == 1)
        scan->fields_start = at + 2;
    return H1_MORE;
}

h1_outcome h1_scan(struct h1_scan *scan, struct text buffered, struct h1_refusal *out)
{
    size_t i = scan->scanned;
    for (; i < buffered.size; i++) {
        if ((class_of(buffered.at[i]) & (VALUE | HIGH)) != 0)
            continue;
        if (check_limits(scan, i, out) == H1_REFUSED) /* first, so that the answer is the same however the bytes came */
            return H1_REFUSED;
        if (buffered.at[i] == '\n') /* 9112 section 2.2 lets a reader take a bare LF; two readers then differ */
            return refuse(out, MALFORMED, "http.bare_lf", "a line ends with LF alone");
        if (buffered.at[i] != '\r') /* 9110 section 5.5: NUL and other controls */
            return refuse(out, MALFORMED, "http.control", "the head holds a control character");
        if (i + 1 == buffered.size)
            break;
        if (buffered.at[i + 1] != '\n') /* 9112 section 2.2 */
            return refuse(out, MALFORMED, "http.bare_cr", "a CR stands without LF");
        h1_outcome outcome = end_line(scan, i, out);
        if (outcome != H1_MORE)
            return outcome;
        i++;
    }
    scan->scanned = i;
    return check_limits(scan, i, out);
}

/* ---- the request line */

/* Cuts the line up to CR LF from `rest`. */
static bool take_line(struct text *rest, struct text *out)
{
    const char *end = rest->size == 0 ? NULL : memchr(rest->at, '\r', rest->size);
    size_t size = end == NULL ? 0 : (size_t)(end - rest->at);
    if (end == NULL || size + 1 >= rest->size || end[1] != '\n')
        return false;
    *out = (struct text){rest->at, size};
    *rest = (struct text){rest->at + size + 2, rest->size - size - 2};
    return true;
}

/* Cuts the text before `separator` from `rest`; without one, all of it. */
static struct text take_until(struct text *rest, char separator)
{
    const char *end = rest->size == 0 ? NULL : memchr(rest->at, separator, rest->size);
    size_t size = end == NULL ? rest->size : (size_t)(end - rest->at);
    struct text taken = {rest->at, size};
    size_t used = end == NULL ? size : size + 1;
    *rest = (struct text){rest->at + used, rest->size - used};
    return taken;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool target_is_plain(struct text target)
{
    for (size_t i = 0; i < target.size; i++) {
        if ((class_of(target.at[i]) & TARGET) != 0)
            continue;
        if (target.at[i] != '%' || target.size - i < 3 || text_hex_digit(target.at[i + 1]) < 0 ||
            text_hex_digit(target.at[i + 2]) < 0)
            return false;
        i += 2;
    }
    return target.size > 0;
}

/* 9112 section 2.3. The version comes first: what follows in another version is not ours to judge. */
static h1_outcome parse_version(struct text version, struct h1_request *out, struct h1_refusal *refusal)
{
    if (version.size != 8 || !text_starts_with(version, "HTTP/") || !is_digit(version.at[5]) || version.at[6] != '.' ||
        !is_digit(version.at[7]))
        return refuse(refusal, MALFORMED, "http.request_line", "the request line is not method, target and version");
    if (version.at[5] != '1' || version.at[7] > '1') /* 9110 section 15.6.6 */
        return refuse(refusal, HTTP_VERSION, "http.version", "only HTTP/1.0 and HTTP/1.1 are spoken here");
    out->minor_version = version.at[7] - '0';
    return H1_DONE;
}

/* 9112 section 3: exactly one space between the three. */
static h1_outcome parse_request_line(struct text line, struct h1_request *out, struct h1_refusal *refusal)
{
    out->method = take_until(&line, ' ');
    out->target = take_until(&line, ' ');
    h1_outcome outcome = parse_version(line, out, refusal);
    if (outcome != H1_DONE)
        return outcome;
    if (!h1_is_token(out->method)) /* 9112 section 3.1 */
        return refuse(refusal, MALFORMED, "http.method", "the method is not a token");
    if (text_is(out->method, "CONNECT")) /* 9110 section 9.3.6: this is no proxy */
        return refuse(refusal, NOT_IMPLEMENTED, "http.method", "CONNECT is not offered");
    if (!target_is_plain(out->target)) /* 9112 section 3.2 */
        return refuse(refusal, MALFORMED, "http.target", "the target holds characters that must be percent-encoded");
    return H1_DONE;
}

/* ---- one field line */

/* 9112 section 5 and 9110 section 5.5. */
static h1_outcome parse_field(struct text line, struct h1_field *out, struct h1_refusal *refusal)
{
    if (line.at[0] == ' ' || line.at[0] == '\t') /* 9112 section 5.2, and 2.2 for the first line */
        return refuse(refusal, MALFORMED, "http.folding", "a header field is folded over lines");
    const char *colon = memchr(line.at, ':', line.size);
    if (colon == NULL)
        return refuse(refusal, MALFORMED, "http.field", "a header field has no colon");
    size_t name_size = (size_t)(colon - line.at);
    out->name = (struct text){line.at, name_size};
    if (!h1_is_token(out->name)) /* 9112 section 5.1: also no space before the colon */
        return refuse(refusal, MALFORMED, "http.field_name", "the name of a header field is not a token");
    out->value = text_trim((struct text){colon + 1, line.size - name_size - 1});
    if (!h1_is_field_value(out->value))
        return refuse(refusal, MALFORMED, "http.field_value", "a header field holds bytes that are not plain text");
    return H1_DONE;
}

static h1_outcome parse_fields(struct text *rest, struct h1_request *out, struct h1_refusal *refusal)
{
    struct text line = TEXT_NONE;
    for (;;) {
        if (!take_line(rest, &line))
            return refuse(refusal, MALFORMED, "http.line_end", "a line of the head does not end with CR LF");
        if (line.size == 0)
            return H1_DONE;
        if (out->field_count == LIMIT_FIELDS)
            return refuse(refusal, HEAD_TOO_LARGE, "http.field_count", "too many header fields");
        h1_outcome outcome = parse_field(line, &out->fields[out->field_count], refusal);
        if (outcome != H1_DONE)
            return outcome;
        out->field_count++;
    }
}

size_t h1_field_count(const struct h1_request *request, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < request->field_count; i++)
        count += text_equals_ignoring_case(request->fields[i].name, name);
    return count;
}

bool h1_field(const struct h1_request *request, const char *name, struct text *out)
{
    const struct h1_field *found = NULL;
    for (size_t i = 0; i < request->field_count; i++) {
        if (!text_equals_ignoring_case(request->fields[i].name, name))
            continue;
        if (found != NULL)
            return false;
        found = &request->fields[i];
    }
    if (found != NULL)
        *out = found->value;
    return found != NULL;
}

/* ---- what the fields say about the message */

/* RFC 3986 section 3.2.2, without percent-encoding and sub-delims, which no name in use needs. */
static bool is_host_name(struct text name)
{
    for (size_t i = 0; i < name.size; i++) {
        char c = name.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !is_digit(c) && c != '-' && c != '.' && c != '_')
            return false;
    }
    return name.size > 0 && name.size <= 253;
}

static bool is_ipv6_literal(struct text name)
{
    char address[INET6_ADDRSTRLEN];
    struct in6_addr ignored;
    if (name.size < 4 || name.size - 2 >= sizeof address || name.at[0] != '[' || name.at[name.size - 1] != ']')
        return false;
    memcpy(address, name.at + 1, name.size - 2);
    address[name.size - 2] = '\0';
    return inet_pton(AF_INET6, address, &ignored) == 1;
}

/* 9110 section 7.2: uri-host [ ":" port ]. */
static bool is_host(struct text host)
{
    size_t name_size = host.size;
    while (name_size > 0 && is_digit(host.at[name_size - 1]))
        name_size--;
    bool with_port = name_size > 0 && name_size < host.size && host.at[name_size - 1] == ':';
    int64_t port = 0;
    if (with_port && (!text_to_int64((struct text){host.at + name_size, host.size - name_size}, &port) || port > 65535))
        return false;
    struct text name = {host.at, with_port ? name_size - 1 : host.size};
    return is_host_name(name) || is_ipv6_literal(name);
}

/* 9112 section 3.2: exactly one in HTTP/1.1, and a valid one. */
static h1_outcome read_host(struct h1_request *request, struct h1_refusal *refusal)
{
    size_t count = h1_field_count(request, "host");
    if (count > 1)
        return refuse(refusal, MALFORMED, "http.host", "Host comes more than once");
    if (count == 0 && request->minor_version == 0)
        return H1_DONE;
    if (!h1_field(request, "host", &request->host))
        return refuse(refusal, MALFORMED, "http.host", "Host is missing");
    if (!is_host(request->host))
        return refuse(refusal, MALFORMED, "http.host", "Host is not a name or address with an optional port");
    return H1_DONE;
}

/* 9112 section 6.3: how long the body is. Whatever could be read in two ways ends here. */
static h1_outcome read_framing(struct h1_request *request, struct h1_refusal *refusal)
{
    size_t lengths = h1_field_count(request, "content-length");
    size_t codings = h1_field_count(request, "transfer-encoding");
    struct text value = TEXT_NONE;
    if (lengths > 0 && codings > 0) /* 9112 section 6.1: ought to be handled as an error */
        return refuse(refusal, MALFORMED, "http.framing", "Content-Length and Transfer-Encoding come together");
    if (lengths > 1 || codings > 1) /* 9112 section 6.3, rule 5 */
        return refuse(refusal, MALFORMED, "http.framing", "the length of the body is said more than once");
    if (lengths == 1) { /* 9110 section 8.6: 1*DIGIT */
        if (!h1_field(request, "content-length", &value) || !text_to_int64(value, &request->content_length))
            return refuse(refusal, MALFORMED, "http.content_length", "Content-Length is not a plain number");
        return H1_DONE;
    }
    if (codings == 0)
        return H1_DONE; /* rule 7: no body */
    if (request->minor_version == 0) /* 9112 section 6.1: faulty framing */
        return refuse(refusal, MALFORMED, "http.framing", "Transfer-Encoding does not belong to HTTP/1.0");
    if (!h1_field(request, "transfer-encoding", &value) || !text_equals_ignoring_case(value, "chunked"))
        return refuse(refusal, NOT_IMPLEMENTED, "http.transfer_encoding", "only the transfer coding chunked is taken");
    request->chunked = true;
    return H1_DONE;
}

/* 9110 section 7.6.1, 9112 section 9.3. HTTP/1.0 never said well how to persist (9112 section C.2.2): it closes. */
static h1_outcome read_connection(struct h1_request *request, struct h1_refusal *refusal)
{
    bool keep = request->minor_version == 1;
    for (size_t i = 0; i < request->field_count; i++) {
        if (!text_equals_ignoring_case(request->fields[i].name, "connection"))
            continue;
        struct text rest = request->fields[i].value;
        while (rest.size > 0) {
            struct text option = text_trim(take_until(&rest, ','));
            if (option.size > 0 && !h1_is_token(option))
                return refuse(refusal, MALFORMED, "http.connection", "Connection is not a list of tokens");
            keep = keep && !text_equals_ignoring_case(option, "close");
        }
    }
    request->keep_alive = keep;
    return H1_DONE;
}

/* 9110 section 10.1.1. In HTTP/1.0 the expectation must be ignored. */
static h1_outcome read_expect(struct h1_request *request, struct h1_refusal *refusal)
{
    struct text value = TEXT_NONE;
    size_t count = h1_field_count(request, "expect");
    if (count == 0 || request->minor_version == 0)
        return H1_DONE;
    if (!h1_field(request, "expect", &value) || !text_equals_ignoring_case(value, "100-continue"))
        return refuse(refusal, MALFORMED, "http.expect", "the only expectation that can be met is 100-continue");
    request->expect_continue = request->chunked || request->content_length > 0;
    return H1_DONE;
}

static bool same_ignoring_case(struct text a, struct text b)
{
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++) {
        char x = a.at[i] >= 'A' && a.at[i] <= 'Z' ? (char)(a.at[i] + 32) : a.at[i];
        char y = b.at[i] >= 'A' && b.at[i] <= 'Z' ? (char)(b.at[i] + 32) : b.at[i];
        if (x != y)
            return false;
    }
    return true;
}

/* 9112 section 3.2.2: http://authority[/path][?query]. Host must be that authority, which also rules out userinfo. */
static bool cut_authority(const struct h1_request *request, struct text *target)
{
    size_t scheme = 0;
    if (target->size > 7 && text_equals_ignoring_case((struct text){target->at, 7}, "http://"))
        scheme = 7;
    else if (target->size > 8 && text_equals_ignoring_case((struct text){target->at, 8}, "https://"))
        scheme = 8;
    if (scheme == 0)
        return false;
    size_t end = scheme;
    while (end < target->size && target->at[end] != '/' && target->at[end] != '?')
        end++;
    struct text authority = {target->at + scheme, end - scheme};
    *target = (struct text){target->at + end, target->size - end};
    return authority.size > 0 && same_ignoring_case(authority, request->host);
}

/* 9112 section 3.2: origin-form, absolute-form, or the asterisk of OPTIONS. */
static h1_outcome read_target(struct h1_request *request, struct h1_refusal *refusal)
{
    struct text rest = request->target;
    if (text_is(rest, "*") && text_is(request->method, "OPTIONS")) { /* section 3.2.4 */
        request->path = rest;
        return H1_DONE;
    }
    if (rest.at[0] != '/' && !cut_authority(request, &rest))
        return refuse(refusal, MALFORMED, "http.target", "the target is neither a path nor an address of this Host");
    request->path = take_until(&rest, '?');
    request->query = rest;
    if (request->path.size == 0)
        request->path = TEXT("/");
    return H1_DONE;
}

h1_outcome h1_parse(struct text head, struct h1_request *out, struct h1_refusal *refusal)
{
    static h1_outcome (*const READERS[])(struct h1_request *, struct h1_refusal *) = {
        read_host, read_framing, read_connection, read_expect, read_target,
    };
    *out = (struct h1_request){.query = TEXT_NONE, .host = TEXT_NONE};
    struct text line = TEXT_NONE;
    if (text_starts_with(head, "\r\n")) /* 9112 section 2.2 */
        head = (struct text){head.at + 2, head.size - 2};
    if (!take_line(&head, &line))
        return refuse(refusal, MALFORMED, "http.line_end", "a line of the head does not end with CR LF");
    h1_outcome outcome = parse_request_line(line, out, refusal);
    if (outcome == H1_DONE)
        outcome = parse_fields(&head, out, refusal);
    for (size_t i = 0; outcome == H1_DONE && i < sizeof READERS / sizeof READERS[0]; i++)
        outcome = READERS[i](out, refusal);
    if (outcome == H1_DONE && head.size > 0)
        return refuse(refusal, MALFORMED, "http.line_end", "bytes follow the end of the head");
    return outcome;
}
