"""A synthetic county, its departments' extracts, and the truth behind them.

The way of a value: parameters and word lists (`samples/sample_city/`) -> true city (divisions, dwellings, households,
persons, enterprises) -> life-cycle events with dates -> views (what each department knows, and since when) -> defects
(each logged) -> files as departments send them -> truth, outside the lake's home.

Three choices carry the rest:

*Random numbers are counted, not drawn.* `randomness.Draws` gives entity number n the n-th output of SplitMix64
(Steele, Lea, Flood 2014) whose start is the SHA-256 of seed and stream name. No value depends on order, partition,
number of rows or machine.

*The city is a stack of slices.* One slice is a hundredth of the county: 1,408 households, 4,083 registered persons,
and its exact share of every calibrated total. Scale s is the first 100 s slices; therefore totals are exact at every
hundredth, and a smaller city is a prefix of a larger one. Within a slice exact totals come from dealing (ranks of
keyed draws), never from rejection. Slice b lives in the tenth b mod 10 of the units: slice 0 touches all fourteen
townships and one unit in ten, ten slices touch every unit. A hundred slices fill one county; further slices fill
copies of it with identifiers of division 990123, 990124 and so on. One county at a time is held in memory, as
columns; loops run only over wrong values, enterprise names, and rows of formats that have no vectorised writer.

*Nothing can be taken for real.* Citizen numbers and credit codes carry a division 99xxxx, phones begin with 120, each
file's name with SYN_, each row says `synthetic`, each file opens with a notice. Only names of divisions are real
places; the outline, units' outlines, roads, hamlets and the division changes before 2023 are invented.
"""
