# SPDX-License-Identifier: Apache-2.0
"""A purpose as an organisation writes it, that every check of wording and over-asking lets through; tests change what
they are about."""
DELIVER = {
    "name": "Deliver your order", "sentence": "Bring your order to the right door.",
    "example": "The courier rings you when nobody opens.", "term": "dpv:DeliveryOfGoods", "legal_basis": "consent",
    "attributes": {"needed": ["pd:PhysicalAddress", "pd:Name"], "optional": ["pd:TelephoneNumber"]},
    "longest": "P1Y", "shortest_useful": "P14D", "retention": "P90D",
    "facts": {"passed_on": ["DHX couriers"], "scored": False, "leaves_eea": False, "trains_ai": False},
    "benefit": "Delivered to your door.", "if_no": "Collect at the shop. Nothing else changes.", "language": "en"}
