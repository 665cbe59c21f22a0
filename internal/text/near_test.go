package text_test

import (
	"strings"
	"testing"

	"depeche/internal/text"
)

func TestNear(t *testing.T) {
	tests := []struct {
		name, a, b string
		want       bool
	}{
		// Edits of one headline.
		{"the same", "Fin de mission", "Fin de mission", true},
		{"accents, case, apostrophes", "A Washington, l'accord", "À WASHINGTON, l’accord", true},
		{"punctuation and spacing", "Gaza: « trêve »", "Gaza\u00A0: “trêve” !", true},
		{"hyphen added", "Le porte parole", "Le porte-parole", true},
		{"thousands space added", "1200 suppressions de postes", "1\u202F200 suppressions de postes", true},
		{"letters swapped", "Donald Trmup impose une surtaxe", "Donald Trump impose une surtaxe", true},
		{"letter missing", "Un choc royal entre le PSG et le Rel Madrid en finale", "Un choc royal entre le PSG et le Rel Madrid en finales", true},
		{"two slips in a long word", "Négociations sur le climat", "Négotiatons sur le climat", true},
		{"number updated", "3 morts", "5 morts", true},
		{"number updated, noun agrees", "Séisme : 1 mort", "Séisme : 3 morts", true},
		{"number grows longer", "98 morts", "1 200 morts", true},
		{"decimal updated", "Le CAC 40 gagne 0,8 %", "Le CAC 40 gagne 1,25 %", true},
		{"two numbers updated", "Lyon-Nice : 2-1", "Lyon-Nice : 3-2", true},
		{"word added at the front", "Séisme au Japon", "Violent séisme au Japon", true},
		{"word added inside", "Trump nomme Sean Duffy à la tête de la Nasa", "Trump nomme Sean Duffy à la tête intérimaire de la Nasa", true},
		{"first name added", "Macron reçoit Scholz", "Emmanuel Macron reçoit Scholz", true},
		{"word removed", "Trêve fragile à Gaza selon l’ONU", "Trêve à Gaza selon l’ONU", true},
		{"particles exchanged", "Fin de mission à la tête de X pour Yaccarino", "Fin de mission en tête des X pour Yaccarino", true},
		{"two words added to a long one", "Les députés adoptent la loi de programmation militaire", "Les députés adoptent enfin la loi de programmation militaire", true},
		{"emoji alone", "🔴", "🔴", true},
		{"Japanese number updated", "東京で地震、3人死亡", "東京で地震、5人死亡", true},

		// Two headlines of one minute.
		{"one letter apart, but a name", "France : X", "France : Y", false},
		{"two facts of one place", "Gaza : 3 morts", "Gaza : 5 blessés", false},
		{"one fact of two places", "Liban : 3 morts", "Gaza : 3 morts", false},
		{"template with another name", "Wimbledon : Sinner qualifié pour les demi-finales du simple", "Wimbledon : Alcaraz qualifié pour les demi-finales du simple", false},
		{"template with another team", "Foot : Lyon bat Nice 2-1", "Foot : Lens bat Nice 2-1", false},
		{"countries of almost one name", "Séisme en Iran, pas de victime", "Séisme en Irak, pas de victime", false},
		{"Niger isn't Nigeria", "Attaque au Niger : 12 soldats tués", "Attaque au Nigeria : 12 soldats tués", false},
		{"the number is a name", "Ouverture du sommet du G7 à Paris", "Ouverture du sommet du G20 à Paris", false},
		{"up or down", "La Bourse de Paris ouvre en hausse", "La Bourse de Paris ouvre en baisse", false},
		{"acronyms", "Accord commercial entre le Japon et l’UE", "Accord commercial entre le Japon et les USA", false},
		{"wholly different", "Gaza : espoir fragile de trêve", "Fin de mission pour Linda Yaccarino", false},
		{"only numbers", "11 27", "11 28", false},
		{"nothing but a number in common", "3 morts", "3 blessés", false},
		{"the beginning alone", "Gaza", "Gaza : la trêve entre en vigueur ce matin", false},
		{"half of it is new", "Trump reçoit Macron", "Trump reçoit Macron à Washington pour parler du climat", false},
		{"two words are new in a short one", "Les députés adoptent la loi", "Les députés adoptent enfin hier la loi", false},
		{"one word, and another to it", "Gaza", "Gaza brûle", false},
		{"a word added where most else changed", "Foot : Lyon, Nice, 2-1", "Foot : Lyon, Nice, Brest, 3-0", false},
		{"names with digits", "L’A320neo cloué au sol", "L’A321neo cloué au sol", false},
		{"exchange beside an added word", "Trump menace Macron", "Donald Trump menace Merz", false},
		{"words in another order", "Paris bat Madrid largement", "Madrid bat Paris largement", false},
		{"the number is a name in small letters", "réunion du g7 à paris", "réunion du g20 à paris", false},
		{"numbers in a row", "Tirage : 3 7 9 11", "Tirage : 4", false},
		{"symbols tell them apart", "C++", "C#", false},
		{"one has the symbols, the other none", "Le langage C++ évolue", "Le langage C évolue", false},

		// Nothing to compare.
		{"both empty", "", "", false},
		{"punctuation alone", "…", "!", false},
		{"one empty", "", "Gaza", false},
		{"longer than is compared", strings.Repeat("texte ", 200), strings.Repeat("texte ", 199) + "textes", false},
		{"as long as is compared", strings.Repeat("texte ", 150), strings.Repeat("texte ", 149) + "textes", true},
		{"longer than is compared but equal", strings.Repeat("mot ", 400), strings.Repeat("Mot ", 400), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := text.Near(tt.a, tt.b); got != tt.want {
				t.Errorf("Near(%q, %q): got %v, want %v", tt.a, tt.b, got, tt.want)
			}
			if got := text.Near(tt.b, tt.a); got != tt.want {
				t.Errorf("Near(%q, %q), the other way round: got %v, want %v", tt.b, tt.a, got, tt.want)
			}
		})
	}
}

func FuzzNear(f *testing.F) {
	f.Add("3 morts", "5 morts")
	f.Add("", "\xff")
	f.Add("le la les", "de du des")
	f.Add("Trump", "Trmup")
	f.Add("1 200,5 a", "1")
	f.Fuzz(func(t *testing.T, a, b string) {
		if text.Near(a, b) != text.Near(b, a) {
			t.Errorf("Near(%q, %q) isn't symmetric", a, b)
		}
		if got, want := text.Near(a, a), text.Fold(a) != ""; got != want {
			t.Errorf("Near(%q, itself): got %v, want %v", a, got, want)
		}
	})
}
