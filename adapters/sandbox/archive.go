package sandbox

import (
	"bytes"
	"compress/flate"
	"io"
)

// archive keeps texts that are seldom read. The newest are as they came; what is older is
// deflated, many together, as they have most of their words in common.
type archive struct {
	blocks  [][]byte // deflated, each of some blockSize bytes before
	open    []byte   // the block that is not full yet
	deflate *flate.Writer

	opened int // the block, counted from 1, that was read last
	text   []byte
}

// blockSize is how many bytes are deflated together: enough for a good ratio, and few
// enough to be inflated for one text of them, which takes a millisecond.
const blockSize = 128 << 10

// archived is where a text is.
type archived struct{ block, from, to int32 }

func (a *archive) put(text []byte) archived {
	if len(a.open)+len(text) > blockSize && len(a.open) > 0 {
		a.seal()
	}
	from := len(a.open)
	a.open = append(a.open, text...)
	return archived{int32(len(a.blocks)), int32(from), int32(len(a.open))} // a text is no longer than an answer
}

// get is the text. It is not to be changed, and not to be kept.
func (a *archive) get(at archived) []byte {
	if int(at.block) == len(a.blocks) {
		return a.open[at.from:at.to]
	}
	if a.opened != int(at.block)+1 {
		text, err := io.ReadAll(flate.NewReader(bytes.NewReader(a.blocks[at.block])))
		if err != nil {
			panic("sandbox: the archive cannot be read: " + err.Error()) // it is in memory, as it was written
		}
		a.opened, a.text = int(at.block)+1, text
	}
	return a.text[at.from:at.to]
}

// seal deflates the open block.
func (a *archive) seal() {
	var out bytes.Buffer
	if a.deflate == nil {
		a.deflate, _ = flate.NewWriter(&out, flate.BestSpeed) // fails for an unknown level alone
	} else {
		a.deflate.Reset(&out)
	}
	_, _ = a.deflate.Write(a.open) // into memory
	_ = a.deflate.Close()
	a.blocks = append(a.blocks, bytes.Clone(out.Bytes()))
	a.open = a.open[:0]
}
