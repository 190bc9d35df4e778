/* SPDX-License-Identifier: Apache-2.0
 * The text of a receipt: DPV 2.3 as JSON-LD after the profile dpv-27560 (ISO/IEC TS 27560:2023). */
#ifndef DOMAIN_RECEIPT_PAYLOAD_H
#define DOMAIN_RECEIPT_PAYLOAD_H

#include "domain/proof/receipt.h"

/* Builds the payload of `act`, whose receipt number is already chosen. Reads names and public keys. */
err receipt_payload(struct ctx *cx, const struct act *act, const struct receipt_subject *subject, struct text *out)
    MUST_CHECK;

#endif
