"""How facts are kept, read in order, followed and proved.

The wiring::

    pool = open_pool(conninfo, size=8)                                 # connections.py; pool.seen_by(staff)
    log = open_log(pool, master_key, uuid4, os.urandom, os.environ)    # log.py; the schema is at head

Writing (intake.py, group_commit.py, deciding.py, publications.py)::

    log.intake.append([facts, facts, ...]) -> [Stored(accepted, duplicates, position) | Refusal, ...]
    committing = Committing(GroupCommit(log.intake))                   # committing.py: few commits for many
    committing.append(facts) -> Stored, or raises                      # and close() at the end
    committing.put(facts, settle)                                      # the same without waiting
    in_turn(log.intake, [facts, facts, ...]) -> Iterator(Stored | Refusal)   # large ones, each by itself
    log.decisions.append(command, decide) -> Decided(facts, repeated)  # decide(asked, facts, publications), or raises
    log.publications.publish(journey, decide) -> Publication           # decide(versions, now) -> Publication, or raises
    log.publications.of(journey, position=None) -> [Publication, ...]
    log.published.versions(newest) -> {journey: [Version, ...]}        # read again only after a publication

Reading (reading.py); positions are 1, 2, 3 ... without holes::

    log.reading.head() -> position              log.reading.now() -> instant of the database's clock
    log.reading.present() -> (instant, position)                       # both of one moment
    log.reading.position_at(known_at) -> position                      # or AheadOfNow
    log.reading.page(after, limit, type=None, subject=None) -> Page(facts, looked_at)
    log.reading.at(position) -> Fact | SealedFact | Publication        # or UnknownPosition
    log.reading.fact(source, id) -> Fact | SealedFact | None
    log.reading.customer(subject, position=None) -> CustomerFacts      # or UnknownCustomer
    log.reading.customers(numbers, position) -> {number: CustomerFacts | EntryDamaged}
    log.reading.number(subject) -> UUID | None                         # what the log calls a customer
    log.reading.numbers(after, limit) -> [UUID, ...]                   # all customers, in order
    log.reading.everybody(together) -> Iterator([UUID, ...])           # to walk over
    log.reading.count() -> number of customers
    log.reading.publications(position=None) -> [Publication, ...]      # of all journeys
    log.reading.entries(after, limit) -> [Entry, ...]                  # as stored: followers, archive, proofs
    log.reading.opened(entries) -> [Fact | SealedFact | Publication, ...]

A follower takes ``entries(after, n)``, reads ``customers`` for the numbers that occur in it, up to its last position,
and writes rows and position in one transaction of its own pool. Without a key (an erased customer) facts come as
``SealedFact``.
"""
