package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/sirupsen/logrus"
)

// complaints collects what the loader only warns of, such as a variable that is not set.
type complaints struct{ found []string }

func (c *complaints) Levels() []logrus.Level {
	return []logrus.Level{logrus.WarnLevel, logrus.ErrorLevel}
}

func (c *complaints) Fire(entry *logrus.Entry) error {
	c.found = append(c.found, entry.Message)
	return nil
}

// load reads a compose file with all of its profiles. Variables come from envFile alone: those of
// whoever runs the check say nothing about the file.
func load(ctx context.Context, file, envFile string) (*types.Project, error) {
	warned := &complaints{}
	logrus.SetOutput(io.Discard)
	logrus.AddHook(warned)
	options := []cli.ProjectOptionsFn{cli.WithProfiles([]string{"*"}), cli.WithResolvedPaths(true)}
	if envFile != "" {
		options = append(options, cli.WithEnvFiles(envFile), cli.WithDotEnv)
	}
	chosen, err := cli.NewProjectOptions([]string{file}, options...)
	if err != nil {
		return nil, err
	}
	project, err := chosen.LoadProject(ctx)
	if err != nil {
		return nil, err
	}
	if len(warned.found) > 0 {
		return nil, errors.New(strings.Join(warned.found, "\n"))
	}
	return project, nil
}

// checkFiles names every file and directory that the project takes from the host and that is
// neither there nor below `made`, of which a service of the project makes the contents.
func checkFiles(project *types.Project, made string) error {
	below := filepath.Join(project.WorkingDir, made) + string(filepath.Separator)
	var missing []error
	need := func(what, path string) {
		isMade := made != "" && strings.HasPrefix(path+string(filepath.Separator), below)
		if _, err := os.Stat(path); err != nil && !isMade {
			missing = append(missing, fmt.Errorf("%s: %s does not exist", what, path))
		}
	}
	for name, service := range project.Services {
		for _, mount := range service.Volumes {
			if mount.Type == types.VolumeTypeBind {
				need(fmt.Sprintf("service %q mounts %s", name, mount.Target), mount.Source)
			}
		}
		if service.Build != nil {
			need(fmt.Sprintf("service %q is built", name), filepath.Join(service.Build.Context, service.Build.Dockerfile))
		}
	}
	for name, secret := range project.Secrets {
		if secret.File != "" {
			need(fmt.Sprintf("secret %q", name), secret.File)
		}
	}
	for name, configuration := range project.Configs {
		if configuration.File != "" {
			need(fmt.Sprintf("configuration %q", name), configuration.File)
		}
	}
	return errors.Join(missing...)
}
