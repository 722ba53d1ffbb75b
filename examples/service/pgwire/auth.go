package pgwire

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// authenticate answers the server's request.
func (c *conn) authenticate(m reader) error {
	const ok, cleartext, md5Password, sasl = 0, 3, 5, 10
	switch kind := m.number(4); kind {
	case ok:
		return nil
	case cleartext:
		c.putMessage('p', c.connector.password)
		return c.flush()
	case md5Password:
		inner := md5.Sum([]byte(c.connector.password + c.connector.user))
		outer := md5.Sum(append([]byte(hex.EncodeToString(inner[:])), m.bytes(4)...))
		c.putMessage('p', "md5"+hex.EncodeToString(outer[:]))
		return c.flush()
	case sasl:
		if !slices.Contains(strings.Split(string(m), "\x00"), "SCRAM-SHA-256") {
			return fmt.Errorf("pgwire: no known way of authentication among %q", m)
		}
		return c.scram()
	default:
		return fmt.Errorf("pgwire: authentication of kind %d is not supported", kind)
	}
}

// scram proves that we know the password without telling it, and wants to see that the server knows it too (RFC 5802, 7677).
func (c *conn) scram() error {
	s := newScram(c.connector.password, rand.Text())
	end := c.message('p')
	c.putString("SCRAM-SHA-256")
	c.put32(len(s.first()))
	c.out = append(c.out, s.first()...)
	end()
	challenge, err := c.saslAnswer(11)
	if err != nil {
		return err
	}
	proof, err := s.final(challenge)
	if err != nil {
		return err
	}
	end = c.message('p')
	c.out = append(c.out, proof...)
	end()
	signature, err := c.saslAnswer(12)
	if err != nil {
		return err
	}
	return s.verify(signature)
}

// saslAnswer sends what is pending and takes the answer of the kind wanted.
func (c *conn) saslAnswer(want int) (string, error) {
	if err := c.flush(); err != nil {
		return "", err
	}
	kind, m, err := c.receive()
	switch {
	case err != nil:
		return "", err
	case kind == 'E':
		return "", m.error()
	case kind != 'R' || m.number(4) != want:
		return "", fmt.Errorf("pgwire: message %q during authentication", kind)
	}
	return string(m), nil
}

// scram is a conversation, without channel binding. The user's name is left empty: the server knows it already.
type scram struct {
	password, nonce string
	serverKey       []byte
	transcript      string // what both sides sign
}

func newScram(password, nonce string) *scram { return &scram{password: password, nonce: nonce} }

func (s *scram) bare() string  { return "n=,r=" + s.nonce }
func (s *scram) first() string { return "n,," + s.bare() }

// fields are letters with values: "r=...,s=...".
func fields(message string) map[byte]string {
	f := map[byte]string{}
	for part := range strings.SplitSeq(message, ",") {
		if len(part) >= 2 && part[1] == '=' {
			f[part[0]] = part[2:]
		}
	}
	return f
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// final answers the server's challenge.
func (s *scram) final(challenge string) (string, error) {
	f := fields(challenge)
	salt, err := base64.StdEncoding.DecodeString(f['s'])
	if err != nil {
		return "", err
	}
	iterations, err := strconv.Atoi(f['i'])
	if err != nil || iterations < 1 || !strings.HasPrefix(f['r'], s.nonce) || len(f['r']) == len(s.nonce) {
		return "", errors.New("pgwire: the server's challenge makes no sense")
	}
	salted, err := pbkdf2.Key(sha256.New, s.password, salt, iterations, sha256.Size)
	if err != nil {
		return "", err
	}
	clientKey := mac(salted, "Client Key")
	s.serverKey = mac(salted, "Server Key")
	storedKey := sha256.Sum256(clientKey)
	answer := "c=biws,r=" + f['r'] // biws: "n,,"
	s.transcript = s.bare() + "," + challenge + "," + answer
	proof := mac(storedKey[:], s.transcript)
	subtle.XORBytes(proof, proof, clientKey)
	return answer + ",p=" + base64.StdEncoding.EncodeToString(proof), nil
}

func (s *scram) verify(signature string) error {
	got, err := base64.StdEncoding.DecodeString(fields(signature)['v'])
	if err != nil || !hmac.Equal(got, mac(s.serverKey, s.transcript)) {
		return errors.New("pgwire: the server does not know the password")
	}
	return nil
}
