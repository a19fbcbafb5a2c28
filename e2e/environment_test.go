package e2e

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/api/v1/resource"
	podfields "k8s.io/kubernetes/pkg/apis/core/pods"
	"k8s.io/kubernetes/pkg/fieldpath"
	"k8s.io/kubernetes/third_party/forked/golang/expansion"
)

// environment is what a container of the pod sees in its environment, by the
// kubelet's own code where it can be called. What ties it together is a method
// of the kubelet, followed here: pkg/kubelet/kubelet_pods.go,
// makeEnvironmentVariables. A variable can refer to earlier ones only, and a
// reference to an unknown one is left as it is.
func environment(pod *corev1.Pod, container *corev1.Container) (map[string]string, error) {
	if len(container.EnvFrom) > 0 {
		return nil, fmt.Errorf("container %s has envFrom, which this kubelet does not know", container.Name)
	}
	env := map[string]string{}
	for _, v := range container.Env {
		if v.ValueFrom == nil {
			env[v.Name] = expansion.Expand(v.Value, expansion.MappingFuncFor(env))
			continue
		}
		value, err := fromSource(pod, container, v.ValueFrom)
		if err != nil {
			return nil, fmt.Errorf("container %s, %s: %v", container.Name, v.Name, err)
		}
		env[v.Name] = value
	}
	return env, nil
}

func fromSource(pod *corev1.Pod, container *corev1.Container, source *corev1.EnvVarSource) (string, error) {
	switch {
	case source.FieldRef != nil:
		return fromField(pod, source.FieldRef)
	case source.ResourceFieldRef != nil:
		return resource.ExtractContainerResourceValue(source.ResourceFieldRef, container)
	}
	return "", fmt.Errorf("a source that this kubelet does not know: %v", source)
}

// fromField is the kubelet's podFieldSelectorRuntimeValue.
func fromField(pod *corev1.Pod, field *corev1.ObjectFieldSelector) (string, error) {
	path, _, err := podfields.ConvertDownwardAPIFieldLabel(field.APIVersion, field.FieldPath, "")
	if err != nil {
		return "", err
	}
	switch path {
	case "spec.nodeName":
		return pod.Spec.NodeName, nil
	case "spec.serviceAccountName":
		return pod.Spec.ServiceAccountName, nil
	case "status.podIP":
		return pod.Status.PodIP, nil
	}
	return fieldpath.ExtractFieldPathAsString(pod, path)
}
