/* SPDX-License-Identifier: Apache-2.0
 * Copies pieces into a flat buffer; a buffer that is too small is noticed once, at the end. */
#include "http/engine/h1_reply.h"

#include <assert.h>
#include <string.h>

#include "base/time.h"

struct sheet {
    char  *at;
    size_t size;
    size_t room;
};

static void put(struct sheet *sheet, const char *piece, size_t size)
{
    if (size == 0)
        return;
    if (size <= sheet->room - sheet->size)
        memcpy(sheet->at + sheet->size, piece, size);
    else
        size = sheet->room - sheet->size; /* full from here on */
    sheet->size += size;
}

static void put_string(struct sheet *sheet, const char *piece)
{
    put(sheet, piece, strlen(piece));
}

static void put_number(struct sheet *sheet, size_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    put(sheet, digits + at, sizeof digits - at);
}

/* RFC 9110 section 15. A phrase may be empty (RFC 9112 section 4): only those that we send are here. */
static const char *phrase_of(int status)
{
    switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "";
    }
}

void http_date_format(int64_t at_ms, char out[HTTP_DATE_SIZE])
{
    static const char DAYS[] = "ThuFriSatSunMonTueWed"; /* 1970 began on a Thursday */
    static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char plain[TIME_TEXT_SIZE];
    if (at_ms < 0)
        at_ms = 0;
    time_format(at_ms, plain);
    size_t month = (size_t)(plain[5] - '0') * 10 + (size_t)(plain[6] - '0') - 1;
    memcpy(out, "Thu, 01 Jan 1970 00:00:00 GMT", HTTP_DATE_SIZE);
    memcpy(out, DAYS + at_ms / TIME_DAY_MS % 7 * 3, 3);
    memcpy(out + 5, plain + 8, 2);
    memcpy(out + 8, MONTHS + month * 3, 3);
    memcpy(out + 12, plain, 4);
    memcpy(out + 17, plain + 11, 8);
}

bool h1_reply_has_body(const struct reply *reply)
{
    return reply->status != 204 && reply->status != 304;
}

static void put_fields(struct sheet *sheet, const struct reply *reply)
{
    if (reply->content_type != NULL) {
        put_string(sheet, "\r\nContent-Type: ");
        put_string(sheet, reply->content_type);
    }
    for (size_t i = 0; i < reply->field_count; i++) {
        put_string(sheet, "\r\n");
        put_string(sheet, reply->fields[i].name);
        put_string(sheet, ": ");
        put(sheet, reply->fields[i].value.at, reply->fields[i].value.size);
    }
}

size_t h1_reply_head(const struct reply *reply, const char date[HTTP_DATE_SIZE], bool close, char *out, size_t room)
{
    assert(reply->status >= 200 && reply->status <= 599);
    struct sheet sheet = {out, 0, room};
    put_string(&sheet, "HTTP/1.1 ");
    put_number(&sheet, (size_t)reply->status);
    put_string(&sheet, " ");
    put_string(&sheet, phrase_of(reply->status));
    put_string(&sheet, "\r\nDate: ");
    put(&sheet, date, HTTP_DATE_SIZE);
    if (h1_reply_has_body(reply)) { /* 9110 section 8.6: never with 204; with 304 it would be the other reply's */
        put_string(&sheet, "\r\nContent-Length: ");
        put_number(&sheet, reply->body.size);
    }
    put_fields(&sheet, reply);
    put_string(&sheet, close ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n");
    return sheet.size < room ? sheet.size : 0;
}

err reply_add_field(struct call *call, const char *name, struct text value)
{
    struct reply *reply = &call->reply;
    if (reply->field_count == REPLY_FIELDS_MAX || !h1_is_token(text_of(name)) || !h1_is_field_value(value))
        return FAIL(&call->cx, INTERNAL, "reply.field", "a field of the reply could not be written");
    reply->fields[reply->field_count++] = (struct reply_field){name, value};
    return OK;
}
