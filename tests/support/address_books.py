# SPDX-License-Identifier: Apache-2.0
"""What a person finds by reading in the files of tests/data/contacts, and in files that real programs wrote: one row
for each contact. A value may have a type: "ada@x.example home" is written ("ada@x.example", "home"). Who is nameless is
called by an address, of which no record of a name is made."""


def contact(name, **facts):
    return {"name": name, **facts}


def address(type_=None, street=None, locality=None, region=None, postal_code=None, country=None):
    whole = {"type": type_, "street_address": street, "locality": locality, "region": region,
             "postal_code": postal_code, "country": country}
    return {key: value for key, value in whole.items() if value}


NAME_PARTS = ("prefix", "given_name", "middle_name", "family_name", "suffix", "nickname")
SINGLES = {"organisation": "organisation", "department": "department", "unit": "unit", "title": "title", "role": "role",
           "birthdate": "pd:BirthDate", "gender": "pd:Gender", "language": "pd:Language", "note": "note"}
LISTS = {"emails": "pd:EmailAddress", "phones": "pd:TelephoneNumber", "urls": "url", "categories": "category"}


def bodies(row):
    """The bodies of the records that a row becomes."""
    parts = {part: row[part] for part in NAME_PARTS if part in row}
    if "nameless" not in row:
        yield {"field": "pd:Name", "value": {"name": row["name"], **parts}}
    for fact, field in SINGLES.items():
        if fact in row:
            yield {"field": field, "value": row[fact]}
    for fact, field in LISTS.items():
        for value in row.get(fact, ()):
            text, type_ = value if isinstance(value, tuple) else (value, None)
            yield {"field": field, "value": {"value": text, **({"type": type_} if type_ else {})}}
    for value in row.get("addresses", ()):
        yield {"field": "pd:PhysicalAddress", "value": value}


USA = "United States of America"
N4, N5, N11, N12 = "Ñ Ñ Ñ Ñ", "Ñ Ñ Ñ Ñ Ñ", "Ñ Ñ Ñ Ñ Ñ Ñ Ñ Ñ Ñ Ñ Ñ", "Ñ" * 12
PHONE_OWNER = ["My Contacts"]
LICENCE = (
    'THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED '
    'WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A '
    'PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY '
    'DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO, '
    'PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) '
    'HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING '
    'NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE '
    'POSSIBILITY OF SUCH DAMAGE.')

# Files that real programs wrote; they are not everywhere.
REAL = {
    "gmail-list.vcf": [
        contact("Arnold Smith", given_name="Arnold", family_name="Smith", emails=["asmithk@gmail.com"]),
        contact("Chris Beatle", given_name="Chris", family_name="Beatle", emails=["chrisy55d@yahoo.com"]),
        contact("Doug White", given_name="Doug", family_name="White", emails=["dwhite@gmail.com"])],
    "outlook-2003.vcf": [
        contact("John Doe III", given_name="John", family_name="Doe", prefix="Mr.", suffix="III", nickname="Joey",
                organisation="Company, The", department="TheDepartment", title="The Job Title", role="TheProfession",
                birthdate="1980-03-21", note="This is the note field!!\nSecond line\n\nThird line is empty",
                emails=["jdoe@hotmail.com"],
                phones=[("BusinessPhone", "work"), ("HomePhone", "home"), ("MobilePhone", "mobile"),
                        ("BusinessFaxPhone", "work fax")],
                urls=[("http://web-page-address.com", "work")],
                addresses=[address("work", "TheOffice\n123 Main St", "Austin", "TX", "12345", USA)])],
    "John_Doe_EVOLUTION.vcf": [
        contact("Mr. John Richter, James Doe Sr.", given_name="John", middle_name="Richter, James", family_name="Doe",
                prefix="Mr.", suffix="Sr.", nickname="Johny", organisation="IBM", department="Accounting",
                unit="Dungeon", title="Money Counter", birthdate="1980-03-22", note=LICENCE,
                emails=[("john.doe@ibm.com", "work")], phones=[("905-666-1234", "mobile"), ("905-555-1234", "work")],
                urls=["http://www.ibm.com"], categories=["VIP"],
                addresses=[address("home", "ASB-123\n15 Crescent moon drive", "Albaney", "New York", "12345", USA)])],
    "John_Doe_IPHONE.vcf": [
        contact("Mr. John Richter James Doe Sr.", given_name="John", middle_name="Richter James", family_name="Doe",
                prefix="Mr.", suffix="Sr.", nickname="Johny", organisation="IBM", department="Accounting",
                title="Money Counter", birthdate="2012-06-06", emails=["john.doe@ibm.com"],
                phones=[("905-555-1234", "mobile"), ("905-666-1234", "home"), ("905-777-1234", "work"),
                        ("905-888-1234", "home fax"), ("905-999-1234", "work fax"), ("905-111-1234", "pager"),
                        ("905-222-1234", "assistantphone")],
                urls=[("http://www.ibm.com", "homepage")],
                addresses=[address("home", "Silicon Alley 5", "New York", "New York", "12345", USA),
                           address("work", "Street4\nBuilding 6\nFloor 8", "New York", None, "12345", "USA")])],
    "John_Doe_ANDROID.vcf": [
        contact("john.doe@company.com", nameless=True, emails=["john.doe@company.com"], categories=PHONE_OWNER),
        contact("jane.doe@company.com", nameless=True, emails=["jane.doe@company.com"], categories=PHONE_OWNER),
        contact(N5, family_name=N4, phones=[("123456789", "mobile")], categories=PHONE_OWNER),
        contact(N11, family_name=N11, categories=PHONE_OWNER,
                phones=[("123456", "mobile"), ("234567", "home"), ("3456789", "mobile"), ("45678901", "home")],
                note=N5 + " Ñ Ñ ÑÑ Ñ Ñ Ñ Ñ Ñ Ñ ÑÑ Ñ Ñ Ñ Ñ"),
        contact(N4, given_name="Ñ Ñ Ñ", family_name="Ñ Ñ", emails=[("bob@company.com", "work")], organisation=N12,
                phones=[("123456", "mobile"), ("123456", "work"), ("123456", "work fax")],
                urls=["www.company.com", "http://www.company.com"]),
        contact("ÑÑÑÑ", family_name="ÑÑÑÑ", phones=[("55556666", "mobile")], emails=["henry@company.com"],
                organisation="Ñ" * 44, categories=PHONE_OWNER)],
}

# Files of our own, in the shapes of others.
OURS = {
    "google-2010.csv": [
        contact("Dr. Anna Beispiel", given_name="Anna", family_name="Beispiel", prefix="Dr.", nickname="Änni",
                organisation="Gärtnerei Grün", department="Roses", title="Head gardener", role="Gardener",
                birthdate="1979-11-05", gender="Female", language="de", note="Likes \"Rosa gallica\"\nand tea",
                emails=[("anna@beispiel.example", "home"), ("a.beispiel@post.example", "home"),
                        ("anna@gaertnerei.example", "work")],
                phones=[("+41 79 555 01 02", "mobile"), ("+41 44 555 01 03", "work fax")],
                urls=[("https://beispiel.example/anna", "profile")], categories=["My Contacts", "Garden"],
                addresses=[address("home", "Lindenweg 4", "Bern", "BE", "3000", "Schweiz")]),
        contact("Only Formatted", given_name="Only", family_name="Formatted", birthdate="--02-29",
                addresses=[address("home", "1 Long Road\nLeeds")])],
    "google-2024.csv": [
        contact("Mme Amélie Rose Exemple", given_name="Amélie", middle_name="Rose", family_name="Exemple",
                prefix="Mme", organisation="Atelier Exemple", department="Strings", title="Luthier",
                emails=[("amelie@exemple.example", "work")], phones=[("06 55 50 01 23", "mobile")],
                urls=[("https://exemple.example", "blog")], categories=["myContacts", "Music"],
                addresses=[address("work", "12 rue des Essais\n2e étage\nBP 7", "Lyon", None, "69001", "FR")])],
    "outlook.csv": [
        contact("Mr. Thomas Q Sample Jr.", given_name="Thomas", middle_name="Q", family_name="Sample", prefix="Mr.",
                suffix="Jr.", organisation="Sample & Sons", department="Sales", title="Salesman", role="Trader",
                birthdate="1980-03-21", gender="Unspecified", note="Line one\nLine two",
                emails=["thomas@sample.example", "tq@home.example"],
                phones=[("+1 217 555 0101", "work fax"), ("+1 217 555 0102", "work"), ("+1 217 555 0103", "work"),
                        ("+1 217 555 0104", "home"), ("+1 217 555 0105", "mobile")],
                urls=["http://sample.example"], categories=["Friends", "Golf"],
                addresses=[address("work", "1 Trade Street\nFloor 3", "Springfield", "IL", "62701", USA),
                           address("home", "22 Elm Street", "Springfield", "IL", "62704", USA)]),
        contact("Zoë Sample", given_name="Zoë", family_name="Sample", birthdate="1982-04-05", gender="Female",
                emails=["zoe@sample.example"]),
        contact("No Date", given_name="No", family_name="Date", emails=["nodate@sample.example"])],
    "hubspot.csv": [
        contact("Ines Muster", given_name="Ines", family_name="Muster", organisation="Muster GmbH", title="CEO",
                birthdate="1990-06-15", emails=["ines@muster.example"],
                phones=["+49 30 5550123", ("+49 (0)170 5550124", "mobile")], urls=["muster.example"],
                addresses=[address(None, "Hauptstraße 1", "Berlin", "Berlin", "10115", "Germany")]),
        contact("Jon Muster", given_name="Jon", family_name="Muster", emails=["JON@muster.example"])],
    "salesforce.csv": [
        contact("Ms. Olga Primer", given_name="Olga", family_name="Primer", prefix="Ms.", organisation="Primer Ltd",
                department="Purchasing", title="Buyer", birthdate="1975-12-31", note="First customer",
                emails=["olga@primer.example"],
                phones=["(020) 7946 0001", ("07700 900001", "mobile"), ("(020) 7946 0002", "fax")],
                addresses=[address("mailing", "10 High Street\nFlat 2", "London", None, "W1A 1AA", "United Kingdom"),
                           address("other", "PO Box 9", "Leeds", None, "LS1 1AA")])],
    "linkedin.csv": [
        contact("Petra Vorlage", given_name="Petra", family_name="Vorlage", organisation="Vorlage AG",
                title="Engineer", urls=["https://network.example/in/petra"])],
    "tab-utf16le.csv": [
        contact("Łukasz Przykład", given_name="Łukasz", family_name="Przykład", emails=["lukasz@przyklad.example"]),
        contact("😀 Emoji", given_name="😀", family_name="Emoji", emails=["emoji@przyklad.example"])],
    "utf16be.vcf": [
        contact("Łukasz Przykład", given_name="Łukasz", family_name="Przykład", emails=["lukasz@przyklad.example"])],
    "version4.vcf": [
        contact("Example, Eva", given_name="Eva", middle_name="Maria Ana", family_name="Example", suffix="PhD MSc",
                nickname="Evi, Evie", organisation="Ejemplo S.L.", department="I+D", unit="Laboratorio, Planta 2",
                title="Investigadora", role="Química", birthdate="--04-15", gender="female", language="es",
                note="Una línea\nOtra línea con \\ barra",
                emails=[("eva@example.example", "work"), ("eva@hogar.example", "home")],
                phones=[("+34-91-555-0123", "home"), ("+34-655-550-124;ext=7", "mobile")],
                urls=["https://example.example/eva"], categories=["ciencia", "con,coma"],
                addresses=[address("home", "Calle Mayor 1", "Madrid", None, "28013", "España")])],
    "apple-3.vcf": [
        contact("Tina Test", given_name="Tina", family_name="Test", birthdate="--03-21",
                emails=[("tina@test.example", "school")], phones=[("+1 202 555 0199", "ferienhaus")],
                urls=[("https://test.example", "work")],
                addresses=[address("other", "1 Hill Road\n2nd floor", "Town", "ST", "12345", "USA")])],
    "nokia-21.vcf": [
        contact("Jörg Müller", given_name="Jörg", family_name="Müller", note="a ; b, c \\n stays",
                phones=[("0301234567", "home"), ("0170 1234567", "mobile")],
                addresses=[address("home", "Grüner Weg 1", "Köln", None, "50667", "Deutschland")]),
        contact("Only Label", given_name="Only", family_name="Label", addresses=[address("work", "1 Road\nTown")])],
}
# Rows that are refused: file, and the lines with the reasons.
REFUSED = {"version4.vcf": [(28, "vcard.not_a_person")]}
