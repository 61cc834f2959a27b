package main

const startingPrice = 1_000 // KRW

// krwSteps holds the bid steps of KRW: each bound is exclusive, the last step has none.
var krwSteps = []struct{ below, step int64 }{
	{10_000, 100},
	{50_000, 1_000},
	{100_000, 2_500},
	{500_000, 5_000},
	{5_000_000, 10_000},
	{50_000_000, 50_000},
}

const krwLastStep = 500_000

func krwStep(price int64) int64 {
	for _, row := range krwSteps {
		if price < row.below {
			return row.step
		}
	}
	return krwLastStep
}

// ladder gives the amounts bid on one auction: each is the lowest that beats the one before. A bid
// is refused only when a higher one overtook it on its way into the log.
type ladder struct {
	next int64
}

func newLadder() ladder {
	return ladder{next: startingPrice}
}

func (l *ladder) climb() int64 {
	amount := l.next
	l.next += krwStep(amount)
	return amount
}
