package state

import (
	"bytes"
	"compress/flate"
	"io"
)

// Archive keeps texts that are seldom read. The newest are as they came; what is older is
// deflated, many together, as they have most of their words in common.
type Archive struct {
	Blocks  [][]byte // deflated, each of some blockSize bytes before
	Open    []byte   // the block that is not full yet
	deflate *flate.Writer

	opened int // the block, counted from 1, that was read last
	text   []byte
}

// blockSize is how many bytes are deflated together: enough for a good ratio, and few
// enough to be inflated for one text of them, which takes a millisecond.
const blockSize = 128 << 10

// Archived is where a text is.
type Archived struct{ Block, From, To int32 }

// Put keeps a text, and is where it is.
func (a *Archive) Put(text []byte) Archived {
	if len(a.Open)+len(text) > blockSize && len(a.Open) > 0 {
		a.seal()
	}
	from := len(a.Open)
	a.Open = append(a.Open, text...)
	return Archived{int32(len(a.Blocks)), int32(from), int32(len(a.Open))} // a text is no longer than an answer
}

// get is the text. It is not to be changed, and not to be kept.
func (a *Archive) get(at Archived) []byte {
	if int(at.Block) == len(a.Blocks) {
		return a.Open[at.From:at.To]
	}
	if a.opened != int(at.Block)+1 {
		text, err := io.ReadAll(flate.NewReader(bytes.NewReader(a.Blocks[at.Block])))
		if err != nil {
			panic("sandbox: the archive cannot be read: " + err.Error()) // it is in memory, as it was written
		}
		a.opened, a.text = int(at.Block)+1, text
	}
	return a.text[at.From:at.To]
}

// seal deflates the open block.
func (a *Archive) seal() {
	var out bytes.Buffer
	if a.deflate == nil {
		a.deflate, _ = flate.NewWriter(&out, flate.BestSpeed) // fails for an unknown level alone
	} else {
		a.deflate.Reset(&out)
	}
	_, _ = a.deflate.Write(a.Open) // into memory
	_ = a.deflate.Close()
	a.Blocks = append(a.Blocks, bytes.Clone(out.Bytes()))
	a.Open = a.Open[:0]
}
