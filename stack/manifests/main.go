// Command manifests loads the files a house is deployed with, as their own tools do, and prints
// what they come to.
//
//	manifests compose [-env-file FILE] [-made DIRECTORY] COMPOSE_FILE   JSON, with every profile
//	manifests kubernetes DIRECTORY                                       YAML, as `kubectl apply -k`
//
// It ends with 2 and one line per fault: a service, variable, secret, configuration or bind mount
// that is named and does not exist, a resource that Kustomize does not find.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

const refused = 2

func main() {
	commands := map[string]func([]string) ([]byte, error){"compose": compose, "kubernetes": kubernetes}
	if len(os.Args) < 3 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: manifests compose|kubernetes [options] PATH")
		os.Exit(refused)
	}
	printed, err := commands[os.Args[1]](os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(refused)
	}
	if _, err := os.Stdout.Write(printed); err != nil {
		os.Exit(1)
	}
}

func compose(arguments []string) ([]byte, error) {
	options := flag.NewFlagSet("compose", flag.ExitOnError)
	envFile := options.String("env-file", "", "the variables of `docker compose --env-file`")
	made := options.String("made", "", "directory whose files a service of the project makes")
	_ = options.Parse(arguments)
	project, err := load(context.Background(), options.Arg(0), *envFile)
	if err != nil {
		return nil, err
	}
	if err := checkFiles(project, *made); err != nil {
		return nil, err
	}
	return project.MarshalJSON()
}

func kubernetes(arguments []string) ([]byte, error) {
	kustomizer := krusty.MakeKustomizer(krusty.MakeDefaultOptions())
	resources, err := kustomizer.Run(filesys.MakeFsOnDisk(), arguments[0])
	if err != nil {
		return nil, err
	}
	return resources.AsYaml()
}
