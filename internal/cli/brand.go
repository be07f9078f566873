package cli

import (
	"strings"

	"github.com/spf13/pflag"

	"github.com/usher-media/usher/internal/api"
)

// brandFlags are those that say how the pages of a collection look.
func brandFlags(flags *pflag.FlagSet, brand *api.Brand) {
	flags.StringVar(&brand.Name, "brand-name", "", "Whose pages they are, for viewers; owners of the account say so")
	flags.StringVar(&brand.Color, "brand-color", "", "Colour of their buttons and links, such as '#0b6f63'")
	flags.StringVar(&brand.Logo, "brand-logo", "", "Name of one of the site's logos")
}

// brandGiven reports whether any of them was given; the brand then is what they
// say together.
func brandGiven(flags *pflag.FlagSet) bool {
	return flags.Changed("brand-name") || flags.Changed("brand-color") || flags.Changed("brand-logo")
}

func branded(brand api.Brand) string {
	logo := ""
	if brand.Logo != "" {
		logo = "logo " + brand.Logo
	}
	return strings.Join(strings.Fields(strings.Join([]string{brand.Name, brand.Color, logo}, " ")), " ")
}
