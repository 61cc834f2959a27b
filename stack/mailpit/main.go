// Command mailpit takes the mails that the local stack sends and shows them in a browser.
//
// It delivers nothing. Its options and environment are Mailpit's own: stack/servers/mailpit.py.
package main

import "github.com/axllent/mailpit/cmd"

func main() {
	cmd.Execute()
}
